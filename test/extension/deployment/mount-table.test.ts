/** Mount options of a path. */
import { describe, expect, it } from 'vitest'
import { mountOptionsOf } from '../../../extension/deployment/mount-table.ts'

const table = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:26 / /opt rw,nosuid,noexec - tmpfs tmpfs rw
31 22 0:27 / /mnt/a\\040b rw,nodev - tmpfs tmpfs rw
32 30 0:28 / /opt/exec rw - tmpfs tmpfs rw
33 22 0:29 / /mnt/twice ro - tmpfs tmpfs rw
34 33 0:30 / /mnt/twice rw,noexec - tmpfs tmpfs rw
`

describe('the mount of a path', () => {
  it.each([
    ['/usr/x.ext', ['rw', 'relatime']],
    ['/opt/x.ext', ['rw', 'nosuid', 'noexec']],
    ['/optional/x.ext', ['rw', 'relatime']],
    ['/opt/exec/x.ext', ['rw']],
    ['/mnt/a b/x.ext', ['rw', 'nodev']],
    ['/mnt/twice/x.ext', ['rw', 'noexec']],
  ])('%s is the deepest and the last one', (path, options) => {
    expect(mountOptionsOf(table, path)).toEqual(options)
  })

  it('is unknown where there is no table', () => {
    expect(mountOptionsOf('', '/x')).toBeUndefined()
  })
})
