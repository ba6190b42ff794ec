/**
 * Which mount a path lies on, by Linux's /proc/self/mountinfo.
 *
 * The kernel will not execute anything on a mount with `noexec`, root or not, and osquery says only "error: 13". Pure:
 * the text comes from outside. https://docs.kernel.org/filesystems/proc.html (3.5)
 */

/** Options of the mount that holds an absolute path without links; undefined when the text has no such mount. */
export function mountOptionsOf(mountInfo: string, path: string): readonly string[] | undefined {
  let best: { readonly point: string; readonly options: readonly string[] } | undefined
  for (const line of mountInfo.split('\n')) {
    const fields = line.split(' ')
    const [, , , , point, options] = fields
    if (point === undefined || options === undefined) continue
    const directory = withoutOctal(point)
    const isAbove = directory === '/' || path === directory || path.startsWith(`${directory}/`)
    // the later of two mounts on one point hides the earlier
    if (isAbove && directory.length >= (best?.point.length ?? 0))
      best = { point: directory, options: options.split(',') }
  }
  return best?.options
}

/** Blank, tab, line feed and backslash are written as octal. */
function withoutOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
