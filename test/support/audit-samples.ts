/**
 * Lines of Linux' audit log, written by hand after its forms. Each sample is one log.
 */

const id = 'audit(1680098400.123:4711)'
const app = '/home/alice/.wine/drive_c/3CXDesktopApp/app/3CXDesktopApp.exe'
const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase()
const ids = 'ppid=640 pid=4711 auid=1000 uid=1000 gid=1000 euid=1000 tty=pts0 ses=2'

/** Logs by what is in them; those that name the app among lines that name others. */
export const auditSamples: Readonly<Record<string, string>> = {
  executed: `type=SYSCALL msg=${id}: arch=c000003e syscall=59 success=yes exit=0 a0=55d a1=55e items=2 ${ids} comm="3CXDesktopApp.e" exe="${app}" key="exec"
type=EXECVE msg=${id}: argc=2 a0="${app}" a1="--hidden"
type=CWD msg=${id}: cwd="/home/alice"
type=PATH msg=${id}: item=0 name="${app}" inode=7 mode=0100755
type=PROCTITLE msg=${id}: proctitle=${hex(`${app}\0--hidden`)}
type=SYSCALL msg=audit(1680098401.000:4712): arch=c000003e syscall=59 success=yes exit=0 ${ids} comm="true" exe="/usr/bin/true"
`,
  enriched: `type=SYSCALL msg=${id}: arch=c000003e syscall=59 success=yes ${ids} comm="3CXDesktopApp.e" exe="${app}" key=(null)\x1dARCH=x86_64 SYSCALL=execve AUID="alice" UID="root"
`,
  denied: `type=SYSCALL msg=${id}: arch=c000003e syscall=59 success=no exit=-13 ${ids} comm="bash" exe="/usr/bin/bash"
type=PATH msg=${id}: item=0 name="${app}" inode=7 mode=0100644
`,
  interleaved: `type=SYSCALL msg=${id}: syscall=59 success=yes ${ids} comm="3CXDesktopApp.e" exe="${app}"
type=SYSCALL msg=audit(1680098400.124:4713): syscall=59 success=yes ppid=1 pid=9 auid=4294967295 uid=0 comm="3CXDesktopApp.e" exe="${app}"
type=EXECVE msg=${id}: argc=1 a0="${app}"
type=EXECVE msg=audit(1680098400.124:4713): argc=2 a0="${app}" a1=${hex('a value with spaces')}
`,
  'file-only': `type=PATH msg=${id}: item=1 name="/tmp/3CXDesktopApp-18.12.416.msi" inode=7
`,
  command: `type=USER_CMD msg=${id}: pid=2100 uid=0 auid=1000 ses=6 msg='cwd="/root" cmd="wine 3CXDesktopApp.exe" exe="/usr/bin/sudo" terminal=? res=success'
`,
  'in-hex': `type=PROCTITLE msg=${id}: proctitle=${hex('/opt/with space/3CXDesktopApp.exe\0--hidden')}
type=PROCTITLE msg=audit(1680098401.000:4712): proctitle=${hex('/opt/other space/true\0--hidden')}
type=SYSCALL msg=audit(1680098402.000:4713): arch=c000003e syscall=59 success=yes pid=9 auid=1000 uid=1000 comm=${hex('3CX Desktop App')} exe=${hex('/opt/3CX Desktop App/3cxDESKTOPapp')}
type=EXECVE msg=audit(1680098403.000:4714): argc=2 a0=${hex('/home/a b/3cxdesktopapp.EXE')} a1_len=8 a1[0]=${hex('one ')} a1[1]="two"
`,
  'from-another-host': `Mar 29 14:00:00 desk audispd: node=desk type=EXECVE msg=${id}: argc=1 a0="${app}"
`,
  damaged: `type=SYSCALL msg=audit(1680098400.123:4711 exe="${app}"
type=SYSCALL msg=audit(99999999999999.123:1): exe="${app}"
type= msg=${id}: exe="${app}"
type=EXECVE msg=${id}: argc=x a0=
3CXDesktopApp.exe
`,
  empty: '',
}
