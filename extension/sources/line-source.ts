/**
 * Text logs as sources: the lines that may matter come from the native search, a format says what they mean, and what
 * it says becomes evidence in one form.
 */
import type { Evidence } from '../domain/evidence.ts'
import { canonical, type Observable, type ObservableType } from '../domain/observable.ts'
import type { FoundLine } from '../native/lines.ts'
import type { LogContext, LogFormat, LoggedContact } from './log-format.ts'
import { foundText, unreadable } from './log-text/found-text.ts'
import type { Source, SourceFile, SourceReader, SourceRecord } from './source.ts'

/** First lines that tell one format from another. */
const headLines = 40
/** Headings that are remembered; formats repeat theirs. */
const maxHeadings = 512
/** Of a raw line that is kept as proof. */
const maxRaw = 2048

/** A source that reads one format, or the one of several that recognises the first lines. */
export function lineSource(name: string, about: Source['about'], formats: readonly LogFormat[]): Source {
  return {
    name,
    about,
    recognises: (file, head) => formatOf(formats, firstLines(head), file.name) !== undefined,
    read: (file, reader, _needles, signal) => readLines(formats, file, reader, signal),
  }
}

async function* readLines(
  formats: readonly LogFormat[],
  file: SourceFile,
  reader: SourceReader,
  signal: AbortSignal,
): AsyncGenerator<SourceRecord, void, undefined> {
  const first: string[] = []
  const headings: string[] = []
  const context: LogContext = { headings, mtime: file.mtime, filename: file.name }
  let format: LogFormat | undefined
  let isUnknown = false
  let cut: FoundLine | undefined
  for await (const { lines, problem } of reader.lines({ headLines, headingPrefix: '#' })) {
    signal.throwIfAborted()
    for (const line of lines) {
      const text = foundText(line)
      if (first.length < headLines) first.push(text)
      if (!line.isFound) {
        if (headings.length >= maxHeadings) headings.splice(maxHeadings / 2, 1) // the first and the latest count
        headings.push(text)
        continue
      }
      format ??= formats.length === 1 ? formats[0] : formatOf(formats, first, file.name)
      if (!format) isUnknown = true
      const said = format?.parse(text, context)
      if (format && said) yield evidenceOf(format.name, file, line, text, said)
      else if (format && line.isCut) cut ??= line
    }
    if (problem) yield { problem }
  }
  if (cut) yield unreadable(cut, format?.name ?? 'a log')
  if (isUnknown) {
    const message = 'its lines hold what is sought, and are of no known format; name it in the column format'
    yield { problem: { code: 'unknown_format', message } }
  }
}

function firstLines(head: Uint8Array): string[] {
  return new TextDecoder().decode(head).split(/\r?\n/, headLines)
}

function formatOf(formats: readonly LogFormat[], lines: readonly string[], filename: string): LogFormat | undefined {
  return formats.find((format) => format.recognises(lines, filename))
}

function evidenceOf(source: string, file: SourceFile, line: FoundLine, text: string, said: LoggedContact): Evidence {
  const { time, user = file.user, client, process, pid, count, isOnlyNamed, fields } = said
  return {
    source,
    path: file.path,
    offset: line.offset,
    length: line.bytes.length,
    raw: withoutPassword(text.slice(0, maxRaw)),
    observables: observablesOf(said),
    ...(time !== undefined && { time }),
    ...(user !== '' && { user }),
    ...(client !== undefined && { client }),
    ...(process !== undefined && { process }),
    ...(pid !== undefined && { pid }),
    ...(count !== undefined && { count }),
    ...(isOnlyNamed && { isOnlyNamed }),
    ...(fields && { fields }),
  }
}

/** A log of a proxy may hold passwords inside addresses; evidence goes further than a log does. */
function withoutPassword(text: string): string {
  return text.replaceAll(/:\/\/([^/\s:@]{1,256}):[^/\s@]{1,256}@/g, '://$1:***@')
}

/** Canonical values of what a record names; what has no canonical form names nothing that could be sought. */
export function observablesOf(
  said: Pick<LoggedContact, 'hosts' | 'urls' | 'ips' | 'userAgent' | 'cookie'>,
): Observable[] {
  const urls = (said.urls ?? []).flatMap((url) => observable('url', url))
  const hosts = [...(said.hosts ?? []), ...urls.flatMap(({ value }) => hostOf(value))]
  const found = [
    ...urls,
    ...hosts.flatMap((host) => [...observable('domain', host), ...observable('ip', host)]),
    ...(said.ips ?? []).flatMap((ip) => observable('ip', ip)),
    ...(said.userAgent === undefined ? [] : observable('user_agent', said.userAgent)),
    ...cookieNames(said.cookie ?? '').flatMap((name) => observable('cookie', name)),
  ]
  return [...new Map(found.map((one) => [`${one.type} ${one.value}`, one])).values()]
}

function observable(type: ObservableType, raw: string): Observable[] {
  const found = canonical(type, raw)
  return 'value' in found ? [{ type, value: found.value }] : []
}

function hostOf(url: string): string[] {
  return URL.canParse(url) ? [new URL(url).hostname] : []
}

/** Names in the value of a Cookie header: `a=1; b=2`. */
function cookieNames(header: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
    .filter((name) => name !== '')
}
