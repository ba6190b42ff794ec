/**
 * Which file systems a walk enters.
 *
 * A mount point is a directory on another device than its parent. `local` is decided by the number that statfs(2)
 * gives each kind of file system on Linux (include/uapi/linux/magic.h and the drivers' own). Windows and macOS give
 * no such numbers to Node; there `local` crosses as `all` does, because leaving out a local volume would be a silent
 * loss and entering a share is only slow.
 */
import { statfs } from 'node:fs/promises'
import type { WalkPlan } from '../engine.ts'
import type { Folder } from './folder.ts'

/** Views of the kernel: no files of anybody's. */
const kernel = [
  0x9fa0, // proc
  0x62656572, // sysfs
  0x1cd1, // devpts
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0x62656570, // configfs
  0x6165676c, // pstore
  0xcafe4a11, // bpf
  0x19800202, // mqueue
  0x958458f6, // hugetlbfs
  0x187, // autofs: entering it mounts something
  0x42494e4d, // binfmt_misc
  0xde5e81e4, // efivarfs
  0x65735543, // fusectl
  0xf97cff8c, // selinuxfs
  0x43415d53, // smackfs
  0x6e736673, // nsfs
  0x67596969, // rpc_pipefs
  0x6e667364, // nfsd
  0x9fa1, // openprom
  0x9fa2, // usbdevfs
  0xabba1974, // xenfs
  0x50495045, // pipefs
  0x6c6f6f70, // binder
  0x07655821, // resctrl
]

/** Files of another machine: slow, shared by many hosts, and able to hang. */
const network = [
  0x6969, // nfs
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x517b, // smb
  0x564c, // ncp
  0x5346414f, // afs
  0x6b414653, // kafs
  0x73757245, // coda
  0xc36400, // ceph
  0x01021997, // 9p
  0x0bd00bd0, // lustre
  0x01161970, // gfs2
  0x7461636f, // ocfs2
  0x47504653, // gpfs
  0x19830326, // beegfs
  0xaad7aaea, // panfs
  0x013111a8, // ibrix
  0xbeefdead, // snfs
  0x786f4256, // vboxsf
  0xbacbacbc, // vmhgfs
  0x7c7c6673, // prl_fs
]

/** Programs that pretend to be file systems. */
const fuse = [0x65735546]

const foreign = new Set([...kernel, ...network, ...fuse])

/** Whether the numbers above mean anything here. */
const hasNumbers = process.platform === 'linux'

/** Whether a walk may enter a directory, given the devices of its parent and of the root. */
export async function mayEnter(
  mounts: WalkPlan['mounts'],
  folder: Folder,
  device: bigint,
  around: { readonly parent: bigint; readonly root: bigint },
): Promise<boolean> {
  if (mounts === 'all') return true
  if (mounts === 'same') return device === around.root
  if (device === around.parent || !hasNumbers) return true
  const { type } = await statfs(folder.self)
  return !foreign.has(type >>> 0)
}
