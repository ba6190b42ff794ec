/**
 * A .pkg for macOS: what is in it and how it is built, as data; built by Apple's own tools where they are.
 *
 * The executable must carry its signature before it is packed (docs/signing.md), and the package its own for Gatekeeper.
 * macOS knows no removal of packages: docs/packages.md has the commands. The command comes onto the path through
 * /etc/paths.d, because /usr/local/bin may belong to a user.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutOf } from '../../extension/deployment/layout.ts'
import type { Job } from './job.ts'
import { packageName } from './linux-files.ts'
import { type Entry, stage } from './payload.ts'
import { runTool } from './tool.ts'
import { numericVersion } from './version.ts'

const { directory: place, fileName } = layoutOf('osquery', 'darwin')

/** The installed executable. */
export const macProgram = `${place}/${fileName}`

/** By which macOS knows the package; `pkgutil --forget` wants it. */
export const macIdentifier = 'io.threecx-hunter.pkg'

const hostArchitectures = { x64: 'x86_64', arm64: 'arm64' } as const

/** Everything that makes a package. */
export interface MacPlan {
  readonly payload: readonly Entry[]
  /** Scripts by name. */
  readonly scripts: Readonly<Record<string, string>>
  readonly distribution: string
  /** To be run in this order, with the places filled in. */
  readonly commands: readonly (readonly [tool: string, ...args: string[]])[]
}

/** Where a build finds and leaves things. */
export interface MacPlaces {
  readonly payload: string
  readonly scripts: string
  readonly distribution: string
  /** Directory of the package that goes into the final one. */
  readonly components: string
  readonly output: string
}

/** The plan. `root` is the repository; `identity` signs the package. */
export function macPlan(job: Job, notices: string, root: string, places: MacPlaces, identity?: string): MacPlan {
  const version = numericVersion(job.version)
  const component = join(places.components, 'component.pkg')
  const signature = identity === undefined ? [] : ['--sign', identity, '--timestamp']
  return {
    payload: [
      { kind: 'copy', path: macProgram, from: job.file, mode: 0o755 },
      { kind: 'link', path: `${place}/bin/threecx`, to: `../${fileName}` },
      { kind: 'text', path: '/private/etc/paths.d/threecx-hunter', text: `${place}/bin\n`, mode: 0o644 },
      { kind: 'text', path: `${place}/doc/LICENSE`, text: readFileSync(join(root, 'LICENSE'), 'utf8'), mode: 0o644 },
      { kind: 'text', path: `${place}/doc/third-party-notices`, text: notices, mode: 0o644 },
    ],
    scripts: { postinstall },
    distribution: distributionOf(version, hostArchitectures[job.architecture]),
    commands: [
      [
        'pkgbuild',
        ...['--root', places.payload, '--scripts', places.scripts, '--install-location', '/'],
        ...['--identifier', macIdentifier, '--version', version, '--ownership', 'recommended', component],
      ],
      [
        'productbuild',
        ...['--distribution', places.distribution, '--package-path', places.components, ...signature, places.output],
      ],
    ],
  }
}

/** Builds into a directory; returns the path. Throws where Apple's tools are not. */
export function buildPkg(
  job: Job,
  notices: string,
  root: string,
  directory: string,
  scratch: string,
  identity?: string,
): string {
  const output = join(directory, `${packageName}-${job.version}-${job.architecture}.pkg`)
  const [payload, scripts, components] = ['payload', 'scripts', 'components'].map((name) => join(scratch, name))
  if (!payload || !scripts || !components) throw new Error('no places to build in')
  const places = { payload, scripts, components, distribution: join(scratch, 'distribution.xml'), output }
  const plan = macPlan(job, notices, root, places, identity)
  stage(plan.payload, payload, job.epoch)
  stage(
    Object.entries(plan.scripts).map(([name, text]) => ({ kind: 'text', path: `/${name}`, text, mode: 0o755 })),
    scripts,
    job.epoch,
  )
  mkdirSync(components)
  writeFileSync(places.distribution, plan.distribution)
  for (const [tool, ...args] of plan.commands) runTool(tool, args)
  return output
}

/** The third argument is the volume; load files of a system that does not run are left alone. */
const postinstall = `#!/bin/sh
[ "$3" = / ] || exit 0
${macProgram} extension register --for all --restart always ||
  echo "${packageName}: the extension is installed, but not named in every load file; correct what is said above, then run: sudo threecx extension register --for all" >&2
exit 0
`

/** https://developer.apple.com/library/archive/documentation/DeveloperTools/Reference/DistributionDefinitionRef/ */
function distributionOf(version: string, architecture: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
  <title>${packageName}</title>
  <options customize="never" require-scripts="true" rootVolumeOnly="true" hostArchitectures="${architecture}"/>
  <choices-outline><line choice="all"/></choices-outline>
  <choice id="all" title="${packageName}"><pkg-ref id="${macIdentifier}"/></choice>
  <pkg-ref id="${macIdentifier}" version="${version}" onConclusion="none">component.pkg</pkg-ref>
</installer-gui-script>
`
}
