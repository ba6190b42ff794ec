/**
 * What runs when a package of Linux comes, is exchanged and goes.
 *
 * The load files are the program's own business (`threecx extension register`), so that there is one place that knows
 * how to leave other people's lines alone. Which script runs when:
 *   dpkg, upgrade: old prerm upgrade - new files - old postrm upgrade - new postinst configure
 *   rpm, upgrade:  new files - new %post 2 - old %preun 1 - old files go - old %postun 1
 * so a line is taken away only at a real removal, and named again at every installation: an upgrade never drops it.
 *
 * A load file that cannot be used is said on stderr and is no failure. A failed script leaves a package half-installed,
 * and on a Debian keeps every later package from being configured; a fleet would rather have the file without its line,
 * which `threecx extension status` shows, than hosts that no longer take security updates.
 */
import { daemonUnit, packageName, program, writtenLater } from './linux-files.ts'

/** Packages whose arrival means that there is a load file now. */
export const hostPackages = ['osquery', 'fleet-osquery'] as const

/** Directories whose arrival means the same to dpkg. */
export const hostDirectories = ['/etc/osquery', '/opt/osquery', '/opt/orbit'] as const

const register = (when: 'always' | 'changed') =>
  `
  "${program}" extension register --for all --restart ${when} ||
    echo "${packageName}: the extension is installed, but not named in every load file; correct what is said above, then run: threecx extension register --for all" >&2
`.trim()

const unregister = `
  "${program}" extension unregister --for all --restart changed ||
    echo "${packageName}: a load file may still name ${program}; remove that line" >&2
`.trim()

/** The daemon goes on with the new file when it ran with the old one. */
const renewDaemon = `
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    systemctl try-restart ${daemonUnit} || :
  fi
`.trim()

const stopDaemon = `
  if command -v systemctl >/dev/null; then
    systemctl --quiet disable --now ${daemonUnit} >/dev/null 2>&1 || :
  fi
`.trim()

const forgetDaemon = `
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
  fi
`.trim()

/** Control files of a .deb that run, and the triggers, by name. https://www.debian.org/doc/debian-policy/ch-maintainerscripts.html */
export const debScripts: Readonly<Record<string, string>> = {
  postinst: `#!/bin/sh
set -e
case "$1" in
configure | abort-remove)
  ${register('always')}
  ${renewDaemon}
  ;;
triggered)
  # osquery or orbit came after us, or went
  ${register('changed')}
  ;;
esac
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ]; then
  ${unregister}
  ${stopDaemon}
fi
`,
  postrm: `#!/bin/sh
set -e
case "$1" in
remove)
  ${forgetDaemon}
  # dpkg takes empty directories away, and no package owns this one, which belongs to every machine
  mkdir -p /usr/local/lib
  ;;
purge)
  rm -rf ${writtenLater.join(' ')}
  ;;
esac
`,
  triggers: `${hostDirectories.map((path) => `interest-noawait ${path}`).join('\n')}\n`,
}

/** Sections of a spec file that run. https://rpm-packaging-guide.github.io/#triggers-and-scriptlets */
export const rpmScriptlets = `
%post
  ${register('always')}
  ${renewDaemon}
exit 0

%preun
if [ "$1" = 0 ]; then
  ${unregister}
  ${stopDaemon}
fi
exit 0

%postun
if [ "$1" = 0 ]; then
  ${forgetDaemon}
fi
exit 0

%triggerin -- ${hostPackages.join(', ')}
  ${register('changed')}
exit 0
`
