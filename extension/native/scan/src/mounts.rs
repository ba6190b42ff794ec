//! Which mounted file systems a walk enters.
//!
//! A mount point shows as another device number once its directory is open. A dead NFS server or an autofs trigger
//! must be known before: merely opening them hangs, or mounts something. So the mount table is read first and such
//! places are marked by path; the device number decides for the rest.
//!
//! Magic numbers: linux/magic.h, and the file systems' own sources where that header lacks them.

use crate::system::AsFd;

/// Whether other file systems than the root's are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Stay on the root's file system.
    Same,
    /// Cross into local ones, not into network, FUSE or kernel ones.
    Local,
    /// Cross into all.
    All,
}

/// Network, FUSE and kernel interface file systems. `tmpfs` and its relative `devtmpfs` are local: files can hide there.
#[cfg(target_os = "linux")]
const FOREIGN_MAGICS: &[u64] = &[
    0x6969,      // nfs
    0xff53_4d42, // cifs
    0xfe53_4d42, // smb2
    0x517b,      // smb
    0x0102_1997, // 9p
    0x00c3_6400, // ceph
    0x5346_414f, // afs (openafs)
    0x6b41_4653, // afs (kernel)
    0x7375_7245, // coda
    0x564c,      // ncp
    0x0116_1970, // gfs2
    0x7461_636f, // ocfs2
    0x0bd0_0bd0, // lustre
    0x6573_5546, // fuse
    0x6573_5543, // fusectl
    0x0187,      // autofs
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xf97c_ff8c, // selinux
    0x4341_5d53, // smack
    0xcafe_4a11, // bpf
    0x6165_676c, // pstore
    0x1cd1,      // devpts
    0x6265_6570, // configfs
    0xde5e_81e4, // efivarfs
    0x1980_0202, // mqueue
    0x9584_58f6, // hugetlbfs
    0x4249_4e4d, // binfmt_misc
    0x6759_6969, // rpc_pipefs
    0x6e73_6673, // nsfs
    0x5049_5045, // pipefs
    0x6c6f_6f70, // binder
    0x0765_5821, // resctrl
    0x786f_4256, // vboxsf
    0xbacb_acbc, // vmhgfs
];

/// Types of the mount table that must not even be opened to find out. `fuse.*` is one by prefix.
#[cfg(target_os = "linux")]
const UNTOUCHABLE_TYPES: &[&str] = &[
    "autofs",
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "afs",
    "coda",
    "ncpfs",
    "lustre",
    "glusterfs",
    "fuse",
    "vboxsf",
    "vmhgfs",
];

/// Absolute paths of mount points that are only entered when every file system is.
#[cfg(target_os = "linux")]
pub(crate) fn untouchable_mount_points() -> Vec<Vec<u8>> {
    let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    untouchable_in(&table)
}

/// Absolute paths of mount points that are only entered when every file system is.
#[cfg(not(target_os = "linux"))]
pub(crate) fn untouchable_mount_points() -> Vec<Vec<u8>> {
    Vec::new()
}

/// Lines are `id parent major:minor root POINT options [tags] - TYPE source options`; the last mount on a point counts.
#[cfg(target_os = "linux")]
fn untouchable_in(table: &[u8]) -> Vec<Vec<u8>> {
    let mut points = std::collections::HashMap::new();
    for line in table.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ');
        let point = fields.nth(4);
        let kind = fields.skip_while(|field| *field != b"-").nth(1);
        if let (Some(point), Some(kind)) = (point, kind) {
            let kind = String::from_utf8_lossy(kind);
            let is_untouchable = UNTOUCHABLE_TYPES.contains(&kind.as_ref()) || kind.starts_with("fuse.");
            points.insert(without_octal(point), is_untouchable);
        }
    }
    points.into_iter().filter(|(_, is_untouchable)| *is_untouchable).map(|(point, _)| point).collect()
}

/// The table writes blanks and backslashes as `\ooo`.
#[cfg(target_os = "linux")]
fn without_octal(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..] if first == b'\\' => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = left;
            }
            _ => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

/// Whether an open directory is on a file system that `Policy::Local` enters.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(directory: impl AsFd) -> bool {
    // Some magic numbers have their highest bit set and come sign-extended on 32-bit systems.
    rustix::fs::fstatfs(directory).is_ok_and(|found| !FOREIGN_MAGICS.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

/// Whether an open directory is on a file system that `Policy::Local` enters: macOS marks those itself.
#[cfg(target_vendor = "apple")]
pub(crate) fn is_local(directory: impl AsFd) -> bool {
    const MNT_LOCAL: u32 = 0x1000;
    rustix::fs::fstatfs(directory).is_ok_and(|found| found.f_flags & MNT_LOCAL != 0)
}

/// Whether an open directory is on a file system that `Policy::Local` enters. A directory below a root is of another
/// volume only by way of a junction, which is never followed; should the system show one otherwise, it is a local one.
#[cfg(windows)]
pub(crate) fn is_local(_directory: impl AsFd) -> bool {
    true
}

/// Whether an open directory is on a file system that `Policy::Local` enters: unknown here, so none is crossed.
#[cfg(not(any(target_os = "linux", target_vendor = "apple", windows)))]
pub(crate) fn is_local(_directory: impl AsFd) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_last_mount_on_a_point_decides() {
        let table = b"22 1 0:5 / /a\\040b rw shared:1 - nfs4 server:/x rw\n\
            23 1 0:6 / /home rw - autofs systemd-1 rw\n\
            24 1 8:1 / /home rw - ext4 /dev/sda1 rw\n\
            25 1 0:7 / /mnt/s rw - fuse.sshfs host: rw\n";
        let mut found = untouchable_in(table);
        found.sort();
        assert_eq!(found, [b"/a b".to_vec(), b"/mnt/s".to_vec()]);
    }

    #[test]
    fn kernel_interfaces_are_not_local() {
        assert!(!is_local(std::fs::File::open("/proc").unwrap()));
        assert!(is_local(std::fs::File::open("/").unwrap()));
    }
}
