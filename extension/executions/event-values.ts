/**
 * Values as Windows' events write them: digests in one text, numbers in hex, folders as variables.
 */

/** `SHA1=CE8E...,MD5=...,SHA256=...` */
export function sysmonDigests(text: string): { sha1?: string; sha256?: string } {
  const digest = (name: string, length: number) => {
    const [, value] = new RegExp(`(?:^|,)${name}=([0-9A-F]{${length}})(?:,|$)`, 'i').exec(text.slice(0, 1024)) ?? []
    return value?.toLowerCase()
  }
  const sha1 = digest('SHA1', 40)
  const sha256 = digest('SHA256', 64)
  return { ...(sha1 !== undefined && { sha1 }), ...(sha256 !== undefined && { sha256 }) }
}

/** A number, decimal or with `0x` before it; undefined for what is none. */
export function hexadecimal(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0x[0-9a-f]{1,12}|\d{1,15})$/i.test(text) ? Number(text) : undefined
}

/** `18.12.416.0` is the release 18.12.416; undefined for what is no version. */
export function shortVersion(text: string | undefined): string | undefined {
  const [, version] = /^(\d{1,5}\.\d{1,5}\.\d{1,5})(?:\.0)?$/.exec(text?.trim() ?? '') ?? []
  return version
}

/** `CORP\jdoe`; empty for nobody. */
export function logUser(domain: string | undefined, name: string | undefined): string {
  if (name === undefined || name === '' || name === '-') return ''
  return domain === undefined || domain === '' || domain === '-' ? name : `${domain}\\${name}`
}

/** The program that a command line starts: what is quoted first, else up to the first ending of a program, else a word. */
export function programIn(command: string): string {
  const text = command.trim().slice(0, 4096)
  const quoted = /^"([^"]+)"/.exec(text)?.[1]
  const ended = /^[^"]+?\.(?:exe|dll|com|bat|cmd|ps1|vbs|js|msi)(?=[\s,]|$)/i.exec(text)?.[0]
  return quoted ?? ended ?? text.split(/\s/, 1)[0] ?? ''
}

/** The text of the first element of that name in XML, its entities resolved; undefined without one. */
export function elementIn(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]{1,4096})</${name}>`).exec(xml.slice(0, 65_536)) ?? []
  return text
    ?.replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

/** The value of a property in the text form of a WMI object, `Name = "C:\\\\x.exe";`; undefined without one. */
export function propertyIn(mof: string, name: string): string | undefined {
  const [, text] = new RegExp(`\\b${name} = "((?:[^"\\\\]|\\\\.){1,4096})"`).exec(mof.slice(0, 65_536)) ?? []
  return text?.replaceAll(/\\(.)/g, '$1')
}

const folders: Readonly<Record<string, string>> = {
  osdrive: 'C:',
  systemdrive: 'C:',
  windir: 'C:\\Windows',
  systemroot: 'C:\\Windows',
  system32: 'C:\\Windows\\System32',
  programfiles: 'C:\\Program Files',
  programdata: 'C:\\ProgramData',
}

/** A path with the variables that stand at its beginning replaced, on the drive that systems are on. */
export function expanded(path: string): string {
  return path
    .replace(/^%([a-z0-9]{1,20})%/i, (whole, name: string) => folders[name.toLowerCase()] ?? whole)
    .replace(/^\\SystemRoot\\/i, 'C:\\Windows\\')
}
