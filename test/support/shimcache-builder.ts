/**
 * The value AppCompatCache in the forms of Windows 7, 8, 8.1 and 10, and values of UserAssist and the activity moderator.
 */
import { join, le, utf16, zeros } from './byte-writer.ts'
import { filetime } from './prefetch-builder.ts'

/** An entry; `hasRun` counts up to 8.1. */
export interface PlannedShim {
  readonly path: string
  /** Unix seconds. */
  readonly modified: number
  readonly hasRun?: boolean
}

/** The forms that are known. */
export const shimForms = ['7', '7-32', '8', '8.1', '10', '11'] as const

/** The value in one of the forms. */
export function shimcacheValue(form: (typeof shimForms)[number], entries: readonly PlannedShim[]): Uint8Array {
  switch (form) {
    case '7':
    case '7-32':
      return pointing(entries, form === '7')
    case '8':
    case '8.1':
      return join(le(128, 4), zeros(124), ...entries.map((one) => tagged(one, form)))
    case '10':
    case '11':
      return join(
        le(form === '10' ? 0x30 : 0x34, 4),
        zeros((form === '10' ? 0x30 : 0x34) - 4),
        ...entries.map((one) => tagged(one, form)),
      )
  }
}

function tagged({ path, modified, hasRun = false }: PlannedShim, form: '8' | '8.1' | '10' | '11'): Uint8Array {
  const name = utf16(path)
  const flags = join(le(hasRun ? 2 : 0, 4), le(0, 4))
  const head = form === '8' ? [flags] : form === '8.1' ? [le(0, 2), flags] : []
  const content = join(le(name.length, 2), name, ...head, filetime(modified), le(0, 4))
  return join(form === '8' ? '00ts' : '10ts', le(0, 4), le(content.length, 4), content)
}

function pointing(entries: readonly PlannedShim[], isWide: boolean): Uint8Array {
  const width = isWide ? 48 : 32
  const names = entries.map(({ path }) => utf16(path))
  let at = 128 + entries.length * width
  const records = entries.map(({ modified, hasRun = false }, i) => {
    const length = names[i]?.length ?? 0
    const place = isWide ? join(zeros(4), le(at, 8)) : le(at, 4)
    at += length
    const rest = isWide ? zeros(16) : zeros(8)
    return join(le(length, 2), le(length + 2, 2), place, filetime(modified), le(hasRun ? 2 : 0, 4), le(0, 4), rest)
  })
  return join(le(0xbadc0fee, 4), le(entries.length, 4), zeros(120), ...records, ...names)
}

/** A value of UserAssist since Windows 7. */
export function userAssistValue(count: number, focusMs: number, last: number): Uint8Array {
  return join(
    zeros(4),
    le(count, 4),
    le(1, 4),
    le(focusMs, 4),
    zeros(44),
    last > 0 ? filetime(last) : zeros(8),
    zeros(4),
  )
}

/** The same of Windows XP, which counts from five. */
export function oldUserAssistValue(count: number, last: number): Uint8Array {
  return join(zeros(4), le(count + 5, 4), filetime(last))
}

/** A value of the background activity moderator. */
export function bamValue(last: number): Uint8Array {
  return join(filetime(last), zeros(16))
}

/** ASCII letters turned by half the alphabet, as UserAssist writes names. */
export function rot13(text: string): string {
  const turn = (one: string, base: number) => String.fromCharCode(((one.charCodeAt(0) - base + 13) % 26) + base)
  return text.replace(/[a-z]/g, (one) => turn(one, 97)).replace(/[A-Z]/g, (one) => turn(one, 65))
}
