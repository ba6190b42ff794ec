/**
 * The messages recorded between a real osqueryd and its extensions, by name.
 */
import { readFileSync } from 'node:fs'

/** One message; `body` is what an independent decoder read, where it was kept. */
export interface RecordedMessage {
  readonly name: string
  readonly server: 'manager' | 'extension'
  readonly type: 'CALL' | 'REPLY' | 'EXCEPTION' | 'ONEWAY'
  readonly method: string
  readonly seqid: number
  readonly bytes: Buffer
  readonly body: Body | undefined
}

/** Fields by number and type: `1:struct`. */
export type Body = Readonly<Record<string, unknown>>

const file = new URL('../../../golden/sdk/wire/recorded.json', import.meta.url)
const { messages } = JSON.parse(readFileSync(file, 'utf8')) as {
  messages: (Omit<RecordedMessage, 'bytes'> & { base64: string })[]
}

/** All of them. */
export const recorded: readonly RecordedMessage[] = messages.map(({ base64, ...rest }) => ({
  ...rest,
  bytes: Buffer.from(base64, 'base64'),
}))

/** One by name. */
export function message(name: string): RecordedMessage {
  const found = recorded.find((one) => one.name === name)
  if (!found) throw new Error(`no message ${name}`)
  return found
}

/** A field of a body. */
export function field<T>(body: Body | undefined, name: string): T {
  return body?.[name] as T // the recording is trusted
}
