/**
 * Which SDK versions osquery takes: 1.7.7 and later, and whatever is no version at all.
 *
 * `osquery/extensions/interface.cpp` compares; `osquery/utils/info/version.cpp` reads. Python's and Go's SDKs sent
 * "" and "0.0.0" for years, so both pass.
 */

const oldest = [1, 7, 7]

/** Whether osquery takes an extension that was made with that version. */
export function isCompatible(sdkVersion: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(sdkVersion)?.slice(1).map(Number)
  if (parts === undefined || parts.every((part) => part === 0)) return true
  for (const [at, least] of oldest.entries()) {
    const part = parts[at] ?? 0
    if (part !== least) return part > least
  }
  return true
}
