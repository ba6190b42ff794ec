/**
 * Rules about `extensions.load`: that it is there and safe, that osquery reads in it what its writer meant, and that
 * it leads to this executable and to nothing else of ours.
 */
import type { EntryFacts, FileFacts, HostFacts } from '../facts.ts'
import { extensionName, isOurs, pathsOf } from '../layout.ts'
import { argument, installCommand, type Judgement, notChecked, ok, type Rule } from '../rule.ts'

/** The command that lists this executable in this load file. */
function install(facts: HostFacts): string {
  const [file, loadFile] = [facts.program.path, facts.loadFile.path].map((path) => argument(path, facts.platform))
  return installCommand(
    facts,
    file ?? '',
    facts.loadFile.path === facts.layout.loadFile ? '' : ` --load-file ${loadFile}`,
  )
}

const loadFileExists: Rule = {
  id: 'load_file_exists',
  title: 'the load file is there',
  judge(facts) {
    const { path, nature, reason, text } = facts.loadFile
    if (text !== undefined) return [ok(path, `${facts.loadFile.entries.length} entries`)]
    if (nature === 'unreadable') return [notChecked(path, `this user cannot look at it (${reason}); run as root`)]
    if (nature === 'file') return [notChecked(path, 'this user cannot read it; run as root')]
    return [
      {
        outcome: 'failed',
        subject: path,
        found: nature === 'missing' || nature === 'dangling' ? 'nothing there' : `a ${nature}`,
        expected: 'a text file with one path per line',
        logLine: `Could not autoload extensions: Cannot open file for reading: ${path}`,
        fix: install(facts),
      },
    ]
  },
}

const loadFileSafe: Rule = {
  id: 'load_file_safe',
  title: 'only root decides what is loaded',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, mode, uid, nature } = facts.loadFile
    if (nature !== 'file') return []
    const found = `mode ${mode.toString(8).padStart(4, '0')}, owner uid ${uid}`
    if ((mode & 0o002) === 0 && [0, facts.uid].includes(uid)) return [ok(path, found)]
    const file = argument(path, facts.platform)
    return [
      {
        outcome: 'failed',
        subject: path,
        found: `${found}; osquery does not look, and whoever writes here runs programs as root`,
        expected: 'owner root, mode 0644',
        fix: `sudo chown root ${file} && sudo chmod 644 ${file}`,
      },
    ]
  },
}

const byteOrderMark: Rule = {
  id: 'load_file_byte_order_mark',
  title: 'the load file has no byte-order mark',
  judge(facts) {
    const { path, text, entries } = facts.loadFile
    if (text === undefined) return []
    if (!text.hasByteOrderMark) return [ok(path, 'none')]
    const first = entries.find((entry) => entry.line === 1)?.path
    return [
      {
        outcome: 'failed',
        subject: path,
        found: 'the bytes ef bb bf in front; osquery takes them for a part of the first path',
        expected: 'plain UTF-8',
        ...(first === undefined ? {} : { logLine: `extension doesn't exist at: ${first}` }),
        fix:
          facts.platform === 'windows'
            ? 'save the file as UTF-8 without a byte-order mark'
            : `sudo sed -i.bak '1s/^\\xEF\\xBB\\xBF//' ${argument(path, facts.platform)}`,
      },
    ]
  },
}

const lineEnds: Rule = {
  id: 'load_file_line_ends',
  title: 'its lines end in a way osquery understands',
  judge(facts) {
    const { path, text } = facts.loadFile
    if (text === undefined) return []
    if (text.lineEnds === 'lf') return [ok(path, 'LF')]
    if (text.lineEnds !== 'lone_cr')
      return [ok(path, `${text.lineEnds === 'crlf' ? 'CR LF' : 'LF and CR LF'}; osquery trims`)]
    const first = facts.loadFile.entries[0]?.path
    return [
      {
        outcome: 'failed',
        subject: path,
        found: 'carriage returns without a line feed; osquery sees one long line',
        expected: 'one path per line, each ended by a line feed',
        ...(first === undefined ? {} : { logLine: `extension doesn't exist at: ${first}` }),
        fix: 'write the file again with line feeds',
      },
    ]
  },
}

/** Why a path that is not there might have been meant to be. */
function hint(path: string): string {
  if (/^["'].*["']$/.test(path)) return '; quotes belong to the path'
  if (/\s#/.test(path)) return '; a remark behind a path belongs to the path'
  if (/\.(ext|exe)\s+\S/.test(path)) return '; osquery takes a line for one path, without arguments'
  return ''
}

const isGone = ({ found }: EntryFacts) => found.nature === 'missing' || found.nature === 'dangling'

/** A line that the byte-order mark spoils: its own rule explains it. */
const isSpoilt = (facts: HostFacts, { line }: EntryFacts) =>
  line === 1 && facts.loadFile.text?.hasByteOrderMark === true

const isRelative = ({ isAbsolute, path }: EntryFacts) => !isAbsolute && hint(path) === ''

const entriesExist: Rule = {
  id: 'load_file_entries_exist',
  title: 'every path in it leads somewhere',
  judge(facts) {
    const { path, text, entries } = facts.loadFile
    if (text === undefined) return []
    const gone = entries.filter((entry) => isGone(entry) && !isSpoilt(facts, entry) && !isRelative(entry))
    if (gone.length === 0) return [ok(path, `all ${entries.length} do`)]
    return gone.map((entry) => ({
      // of somebody else's extension that is gone, the owner of this host is only told
      outcome:
        isOurs(pathsOf(facts.platform).basename(entry.path)) || hint(entry.path) !== ''
          ? ('failed' as const)
          : ('warning' as const),
      subject: `${path}:${entry.line}`,
      found: `${JSON.stringify(entry.path)}: nothing there${hint(entry.path)}`,
      expected: 'the absolute path of an executable or of a directory of them',
      logLine: `extension doesn't exist at: ${entry.path}`,
      fix: `remove or correct line ${entry.line} of ${path}`,
    }))
  },
}

const entriesAbsolute: Rule = {
  id: 'load_file_entries_absolute',
  title: 'every path in it is absolute',
  judge(facts) {
    const { path, text, entries } = facts.loadFile
    if (text === undefined) return []
    const relative = entries.filter((entry) => isRelative(entry) && !isSpoilt(facts, entry))
    if (relative.length === 0) return [ok(path, 'all are')]
    return relative.map((entry) => ({
      outcome: 'failed' as const,
      subject: `${path}:${entry.line}`,
      found: `${JSON.stringify(entry.path)}: counts from the working directory of osqueryd, which is / for a service`,
      expected: 'an absolute path',
      // without a directory in it osquery finds no parent to judge, even where the file is there
      logLine: /[\\/]/.test(entry.path)
        ? `extension doesn't exist at: ${entry.path}`
        : `Will not autoload extension with unsafe directory permissions: ${entry.path}`,
      fix: `write the whole path in line ${entry.line} of ${path}`,
    }))
  },
}

/** All files the load file leads to, with their lines. */
function listed(facts: HostFacts): { readonly entry: EntryFacts; readonly file: FileFacts }[] {
  return facts.loadFile.entries.flatMap((entry) =>
    [entry.found, ...entry.below].filter((file) => file.nature === 'file').map((file) => ({ entry, file })),
  )
}

const isSame = (one: FileFacts, other: FileFacts) =>
  one.path === other.path || (one.identity !== undefined && one.identity === other.identity)

const listsProgram: Rule = {
  id: 'load_file_lists_program',
  title: 'the load file leads to this executable',
  judge(facts) {
    const { path, text } = facts.loadFile
    if (text === undefined) return []
    const { program } = facts
    const entry = listed(facts).find(({ file }) => isSame(file, program))?.entry
    if (entry) return [ok(`${path}:${entry.line}`, entry.path)]
    const isLine = facts.loadFile.entries.some((one) => one.path === program.path)
    if (isLine) return [ok(path, `${program.path}, which is not there`)]
    if (facts.loadFile.entries.some((one) => one.isCut))
      return [notChecked(path, 'a directory in it holds too many files')]
    return [
      {
        outcome: 'failed',
        subject: path,
        found: `no line leads to ${program.path}; osquery prints nothing for what it was not told`,
        expected: `a line ${program.path}`,
        fix: install(facts),
      },
    ]
  },
}

const noDuplicates: Rule = {
  id: 'load_file_no_duplicates',
  title: 'no file is listed twice',
  judge(facts) {
    const { path, text } = facts.loadFile
    if (text === undefined) return []
    const files = listed(facts)
    const twice = files.flatMap(({ entry, file }, at): Judgement[] => {
      const before = files.slice(0, at).find((other) => isSame(other.file, file))
      if (!before) return []
      const subject = `${path}:${entry.line}`
      const fix = `remove line ${entry.line} of ${path}`
      const expected = 'one line per file'
      if (before.file.path === file.path) {
        return [{ outcome: 'warning', subject, found: `the same path as line ${before.entry.line}`, expected, fix }]
      }
      const found = `the file of line ${before.entry.line} under another path; osquery starts it twice`
      return [{ outcome: 'failed', subject, found, expected, logLine: 'Duplicate extension registered', fix }]
    })
    return twice.length === 0 ? [ok(path, 'none is')] : twice
  },
}

const oneVersion: Rule = {
  id: 'load_file_one_version',
  title: `one ${extensionName} is listed, and it is this one`,
  judge(facts) {
    const { path, text } = facts.loadFile
    if (text === undefined) return []
    const { basename } = pathsOf(facts.platform)
    const others = listed(facts).filter(({ file }) => isOurs(basename(file.path)) && !isSame(file, facts.program))
    if (others.length === 0) return [ok(path, 'no other is')]
    const isAlone = !listed(facts).some(({ file }) => isSame(file, facts.program))
    return others.map(({ entry, file }) => ({
      outcome: 'failed' as const,
      subject: `${path}:${entry.line}`,
      found: isAlone
        ? `${file.path}: another version of ${extensionName} is loaded instead`
        : `${file.path}: another version of ${extensionName}; the slower of the two to start is refused`,
      expected: facts.program.path,
      ...(isAlone ? {} : { logLine: 'Duplicate extension registered' }),
      fix: install(facts),
    }))
  },
}

const distinctNames: Rule = {
  id: 'load_file_distinct_names',
  title: 'no two entries look like the same extension',
  judge(facts) {
    const { path, text } = facts.loadFile
    if (text === undefined) return []
    const { basename } = pathsOf(facts.platform)
    const files = listed(facts).filter(({ file }) => !isOurs(basename(file.path)))
    const alike = files.flatMap(({ entry, file }, at): Judgement[] => {
      const before = files
        .slice(0, at)
        .find((other) => basename(other.file.path) === basename(file.path) && !isSame(other.file, file))
      if (!before) return []
      const found = `${file.path} has the file name of line ${before.entry.line}, so it may register the same name`
      const fix = `remove line ${entry.line} or ${before.entry.line} of ${path}`
      const logLine = 'Duplicate extension registered'
      return [{ outcome: 'warning', subject: `${path}:${entry.line}`, found, expected: 'one version', logLine, fix }]
    })
    return alike.length === 0 ? [ok(path, 'none do')] : alike
  },
}

/** The rules. */
export const loadFileRules: readonly Rule[] = [
  loadFileExists,
  loadFileSafe,
  byteOrderMark,
  lineEnds,
  entriesExist,
  entriesAbsolute,
  listsProgram,
  noDuplicates,
  oneVersion,
  distinctNames,
]
