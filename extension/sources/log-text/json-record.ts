/**
 * Lines that are one JSON object, alone or behind the head that syslog or a container runtime put before it.
 *
 * A line that is no whole object is no record: what is left of a cut one cannot be told from text inside a value.
 */

/** An object of a log line. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Nesting and members that are looked at; sensors stay far below. */
const maxDepth = 12
const maxMembers = 4096
/** Longest head before the object. */
const maxHead = 512

/** The object of a line. */
export function jsonObject(line: string): JsonObject | undefined {
  const start = line.slice(0, maxHead).indexOf('{')
  if (start < 0) return undefined
  try {
    const value: unknown = JSON.parse(line.slice(start))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is an object with members. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member by its path, `dns.rrname`; a key that itself has the dots goes first. */
export function valueAt(object: unknown, path: string): unknown {
  if (!isObject(object)) return undefined
  if (Object.hasOwn(object, path)) return object[path]
  const dot = path.indexOf('.')
  const key = path.slice(0, Math.max(dot, 0))
  return dot > 0 && Object.hasOwn(object, key) ? valueAt(object[key], path.slice(dot + 1)) : undefined
}

/** A member as text: a string, or a number in digits. */
export function textAt(object: unknown, path: string): string | undefined {
  const value = valueAt(object, path)
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : undefined
}

/** A list of texts; one text is a list of one. */
export function textsAt(object: unknown, path: string): string[] {
  const value = valueAt(object, path)
  return (Array.isArray(value) ? value.slice(0, maxMembers) : [value]).filter((one) => typeof one === 'string')
}

/** Every text and number in an object by its path in lower case; members of arrays share one path. */
export function flattened(object: JsonObject): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  let members = 0
  const visit = (value: unknown, path: string, depth: number): void => {
    if (++members > maxMembers || depth > maxDepth) return
    if (typeof value === 'string' || typeof value === 'number') {
      const list = found.get(path)
      if (list) list.push(String(value))
      else found.set(path, [String(value)])
    } else if (Array.isArray(value)) for (const one of value.slice(0, maxMembers)) visit(one, path, depth + 1)
    else if (isObject(value)) {
      for (const [key, one] of Object.entries(value)) {
        visit(one, path === '' ? key.toLowerCase() : `${path}.${key.toLowerCase()}`, depth + 1)
      }
    }
  }
  visit(object, '', 0)
  return found
}
