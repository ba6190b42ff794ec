/**
 * Rules about the executable: the ones osquery applies before it loads a file, and what the kernel then wants of it.
 *
 * osquery prints one line for every unsafe owner, mode or directory, so each of these rules carries the same line and
 * its own reason. `--allow_unsafe` switches them off; they are warnings then.
 * https://github.com/osquery/osquery (osquery/extensions/extensions.cpp isFileSafe, filesystem.cpp safePermissions)
 */
import { nativeKinds, runsOn } from '../binary-format.ts'
import type { HostFacts, ProgramFacts } from '../facts.ts'
import { isOn } from '../flags-file.ts'
import { pathsOf } from '../layout.ts'
import { argument, installCommand, type Judgement, notChecked, ok, type Rule } from '../rule.ts'

const isThere = (program: ProgramFacts) => !['missing', 'dangling', 'unreadable'].includes(program.nature)

/** A judgement osquery words as "unsafe directory permissions". */
function unsafe(facts: HostFacts, judgement: Omit<Judgement, 'outcome' | 'subject' | 'logLine'>): Judgement {
  const { path } = facts.program
  const isAllowed = isOn(facts.flagsFile.text?.flags ?? [], 'allow_unsafe')
  return {
    ...judgement,
    subject: path,
    outcome: isAllowed ? 'warning' : 'failed',
    logLine: `Will not autoload extension with unsafe directory permissions: ${path}`,
  }
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0')

const programExists: Rule = {
  id: 'program_exists',
  title: 'the executable is there',
  judge(facts) {
    const { path, nature, reason } = facts.program
    if (isThere(facts.program)) return [ok(path, 'it is there')]
    if (nature === 'unreadable') return [notChecked(path, `this user cannot look at it (${reason}); run as root`)]
    return [
      {
        outcome: 'failed',
        subject: path,
        found: nature === 'dangling' ? 'a symbolic link to nothing' : 'nothing there',
        expected: 'an executable file',
        logLine: `extension doesn't exist at: ${path}`,
        fix: installCommand(facts, 'FILE'),
      },
    ]
  },
}

const programIsFile: Rule = {
  id: 'program_is_file',
  title: 'the executable is a regular file',
  judge(facts) {
    const { path, nature, size } = facts.program
    if (!isThere(facts.program)) return []
    if (nature === 'file') return [ok(path, `a file of ${size} bytes`)]
    return [
      {
        outcome: 'failed',
        subject: path,
        found: nature === 'directory' ? 'a directory' : 'neither file nor directory',
        expected: 'a regular file',
        logLine:
          nature === 'directory'
            ? `Cannot autoload extension from directory: ${path}`
            : `Will not autoload extension with unsafe directory permissions: ${path}`,
        fix: 'name the executable itself',
      },
    ]
  },
}

const programSuffix: Rule = {
  id: 'program_suffix',
  title: 'the file name ends as osquery demands',
  judge(facts) {
    const { path } = facts.program
    const { extname, basename } = pathsOf(facts.platform)
    const wanted = facts.platform === 'windows' ? ['.exe', '.ext'] : ['.ext']
    const suffix = extname(path)
    const better = `${basename(path, suffix)}.ext${facts.platform === 'windows' ? '.exe' : ''}`
    if (!wanted.includes(suffix)) {
      return [
        {
          outcome: 'failed',
          subject: path,
          found: suffix === '' ? 'no suffix' : `suffix "${suffix}"`,
          expected: `${wanted.join(' or ')}, in lower case`,
          logLine: `Will not autoload extension not ending in one of '${wanted.join("', '")}': ${path}`,
          fix:
            facts.platform === 'windows'
              ? `rename it to ${better} and list the new path`
              : `sudo mv ${argument(path, facts.platform)} ${argument(path.slice(0, path.length - suffix.length), facts.platform)}.ext, and list the new path`,
        },
      ]
    }
    if (facts.platform === 'windows' && suffix === '.ext') {
      const found = 'suffix ".ext": osquery hands such a file to a Python interpreter'
      return [{ outcome: 'warning', subject: path, found, expected: '.ext.exe', fix: `rename it to ${path}.exe` }]
    }
    return [ok(path, `ends in ${suffix}`)]
  },
}

const programOwner: Rule = {
  id: 'program_owner',
  title: 'the executable belongs to root, or to the user osqueryd runs as',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, uid } = facts.program
    if (!isThere(facts.program)) return []
    if (uid === 0) return [ok(path, 'owner root')]
    const fix = `sudo chown root ${argument(path, facts.platform)}`
    if (uid === facts.uid) {
      const found = `owner uid ${uid}, which is you: an osqueryd of yours loads it, one of root does not`
      return [{ outcome: 'warning', subject: path, found, expected: 'owner root', fix }]
    }
    return [unsafe(facts, { found: `owner uid ${uid}`, expected: 'owner root', fix })]
  },
}

const programExecutable: Rule = {
  id: 'program_executable',
  title: 'the owner may execute it',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, mode, nature } = facts.program
    if (nature !== 'file') return []
    if ((mode & 0o100) !== 0) return [ok(path, `mode ${octal(mode)}`)]
    const fix = `sudo chmod 755 ${argument(path, facts.platform)}`
    return [unsafe(facts, { found: `mode ${octal(mode)}`, expected: 'executable by its owner, such as 0755', fix })]
  },
}

const programNotWritable: Rule = {
  id: 'program_not_writable_by_others',
  title: 'nobody else may write to it',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, mode, gid, nature } = facts.program
    if (nature !== 'file') return []
    const fix = `sudo chmod go-w ${argument(path, facts.platform)}`
    const found = `mode ${octal(mode)}`
    if ((mode & 0o002) !== 0) return [unsafe(facts, { found, expected: 'not writable by others, such as 0755', fix })]
    if ((mode & 0o020) !== 0 && gid !== 0) {
      const expected = 'mode 0755: osquery lets a writing group pass, and every member of it becomes root'
      return [{ outcome: 'warning', subject: path, found: `${found}, group ${gid}`, expected, fix }]
    }
    return [ok(path, found)]
  },
}

const directoryNotSticky: Rule = {
  id: 'directory_not_sticky',
  title: 'its directory is not like /tmp',
  judge(facts) {
    const { path, parent } = facts.program
    if (parent.nature !== 'directory') return []
    const isSticky = facts.platform !== 'windows' && (parent.mode & 0o1000) !== 0
    if (!isSticky) {
      return facts.platform === 'windows'
        ? [notChecked(parent.path, 'osquery compares it with the temporary directory of the user it runs as')]
        : [ok(parent.path, `mode ${octal(parent.mode)}`)]
    }
    return [
      unsafe(facts, {
        found: `${parent.path} has the sticky bit, mode ${octal(parent.mode)}`,
        expected: 'a directory of its own, mode 0755',
        fix: installCommand(facts, argument(path, facts.platform)),
      }),
    ]
  },
}

const directoryNotWritable: Rule = {
  id: 'directory_not_writable_by_others',
  title: 'nobody else may exchange it in its directory',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { parent } = facts.program
    if (parent.nature !== 'directory') return []
    const found = `mode ${octal(parent.mode)}, owner uid ${parent.uid}`
    if ((parent.mode & 0o1002) !== 0o002 && [0, facts.uid].includes(parent.uid)) return [ok(parent.path, found)]
    return [
      {
        outcome: 'failed',
        subject: parent.path,
        found: `${found}; osquery loads it all the same, and whoever can exchange the file becomes root`,
        expected: 'a directory of root, mode 0755',
        fix: `sudo chown root ${argument(parent.path, facts.platform)} && sudo chmod 755 ${argument(parent.path, facts.platform)}`,
      },
    ]
  },
}

const programLink: Rule = {
  id: 'program_is_no_link',
  title: 'the path is no symbolic link',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, isLink, realPath } = facts.program
    if (realPath === undefined) return []
    if (!isLink) return [ok(path, 'no link')]
    const found = `a link to ${realPath}; osquery follows it, and whoever owns the link decides what runs`
    const fix = `list ${realPath} instead`
    return [{ outcome: 'warning', subject: path, found, expected: 'the file itself', fix }]
  },
}

/** Numbers that execve(2) gives, which is all osqueryd prints. */
const kernelRefusals = { missing: 2, denied: 13, format: 8 } as const

function refusedByKernel(facts: HostFacts, number: number, found: string, expected: string): Judgement {
  const { path } = facts.program
  const logLine =
    facts.platform === 'windows'
      ? `Cannot create extension process: ${path}`
      : `Could not start extension process: ${path}, error: ${number}`
  const fix = `install the build for ${facts.platform} ${facts.arch}: ${installCommand(facts, 'FILE')}`
  return { outcome: 'failed', subject: path, found, expected, logLine, fix }
}

const programFormat: Rule = {
  id: 'program_format',
  title: 'it is a program for this system and processor',
  judge(facts) {
    const { path, format, hasInterpreter } = facts.program
    if (facts.program.nature !== 'file') return []
    if (format === undefined) return [notChecked(path, 'this user cannot read it; run as root')]
    const expected = `${nativeKinds[facts.platform]} for ${facts.arch}`
    if (format.kind === 'script') {
      const found = `a script for ${JSON.stringify(format.interpreter)}`
      if (facts.platform === 'windows' || !hasInterpreter) {
        return [refusedByKernel(facts, kernelRefusals.missing, `${found}, which is not there`, expected)]
      }
      return [{ outcome: 'warning', subject: path, found, expected, fix: 'install the single executable instead' }]
    }
    const found = 'processors' in format ? `${format.kind} for ${format.processors.join(', ')}` : `${format.kind} file`
    switch (runsOn(format, facts.platform, facts.arch)) {
      case 'yes':
        return [ok(path, found)]
      case 'maybe': {
        const emulated = `${found}: runs only where the system can emulate it`
        return [
          { outcome: 'warning', subject: path, found: emulated, expected, fix: `install the build for ${facts.arch}` },
        ]
      }
      case 'no':
        return [refusedByKernel(facts, kernelRefusals.format, found, expected)]
    }
  },
}

const programMount: Rule = {
  id: 'program_mount',
  title: 'its file system allows execution',
  platforms: ['linux'],
  judge(facts) {
    const { path, mountOptions, realPath } = facts.program
    if (realPath === undefined) return []
    if (mountOptions === undefined) return [notChecked(path, 'no mount is known for it')]
    if (!mountOptions.includes('noexec')) return [ok(path, 'mounted without noexec')]
    return [
      {
        ...refusedByKernel(facts, kernelRefusals.denied, 'mounted with noexec', 'a mount without noexec'),
        fix: installCommand(facts, argument(path, facts.platform)),
      },
    ]
  },
}

/** In the order osquery and then the kernel look. */
export const programRules: readonly Rule[] = [
  programExists,
  programIsFile,
  directoryNotSticky,
  programOwner,
  programExecutable,
  programNotWritable,
  programSuffix,
  directoryNotWritable,
  programLink,
  programFormat,
  programMount,
]
