/**
 * One semantic version, as each packaging system orders it.
 *
 * A release candidate must come before its release: dpkg and rpm say so with a tilde. Windows Installer and macOS
 * compare numbers alone, so there candidates of a release are all the same version.
 */

/** For dpkg and rpm: 1.2.0-rc.1 is 1.2.0~rc.1. */
export function tildeVersion(version: string): string {
  const { numbers, candidate, build } = partsOf(version)
  // neither system has a dash within an upstream version
  const safe = (text: string) => text.replaceAll('-', '.')
  return numbers + (candidate === '' ? '' : `~${safe(candidate)}`) + (build === '' ? '' : `+${safe(build)}`)
}

/** For Windows Installer and macOS: three numbers. */
export function numericVersion(version: string): string {
  const { numbers } = partsOf(version)
  const [major = 0, minor = 0, patch = 0] = numbers.split('.').map(Number)
  // fields of Windows Installer: https://learn.microsoft.com/windows/win32/msi/productversion
  if (major > 255 || minor > 255 || patch > 65_535) {
    throw new Error(`version ${version} has no form in Windows Installer; expected at most 255.255.65535`)
  }
  return numbers
}

function partsOf(version: string): { numbers: string; candidate: string; build: string } {
  const found = /^(\d+\.\d+\.\d+)(?:-([\w.-]+))?(?:\+([\w.-]+))?$/.exec(version)
  if (!found) throw new Error(`version is ${JSON.stringify(version)}; expected a semantic version such as 1.2.0-rc.1`)
  return { numbers: found[1] ?? '', candidate: found[2] ?? '', build: found[3] ?? '' }
}
