/**
 * The second stage for macOS, UpdateAgent: the identifier of its ad-hoc signature, its functions, its address.
 *
 * An ad-hoc identifier that was not chosen is the name of the program and, behind `55554944` (`UUID`), the number the
 * linker gave it. The published one is as good as a digest. Another number behind the same name is a program of that
 * name and no more, so that it is told apart. The public sample is thin; universal files are read alike.
 * Facts: https://objective-see.org/blog/blog_0x74.html, NCSC "Smooth Operator" (2023-06-29)
 */
import { type Examination, joined, nothingSeen } from '../domain/examination.ts'
import type { Trait } from '../domain/trait.ts'
import type { BoundedFile } from './bounded-file.ts'
import { cpuName, type MachOImage, type MachOSlice } from './macho.ts'
import { examineSlices, refused } from './macho-slices.ts'
import type { Refusal } from './refusal.ts'
import { urlsIn, xorPayload } from './xor-payload.ts'
import { findMarkers, type Marker, type MarkerHit, searchEnded } from './xor-strings.ts'
import { type EncodedText, textAt } from './xor-text.ts'

const publishedIdentifier = 'payload2-55554944839216049d683075bc3f5a8628778bb8'
const variantIdentifier = /^payload2-[0-9a-f]{40}$/
const functions = ['parse_json_config', 'read_config', 'enc_text', 'send_post']
/** `read_config` and `send_post` are names that anybody might choose. */
const minFunctions = 3
/** Keys under which addresses are read. The published build has none: plain. */
const maxKeys = 4

const markers: readonly Marker[] = [
  ...functions.map((text) => ({ name: 'function', text, when: 'plain', isWholeName: true }) as const),
  ...['https://', '__tutma=', '/.main_storage'].map((text) => ({ name: 'text', text, when: 'either' }) as const),
]

/** What every slice of a file shows. */
export function readAgent(file: BoundedFile): Promise<Examination | Refusal | undefined> {
  return examineSlices(file, (slice, image) => examineSlice(file, slice, image))
}

async function examineSlice(file: BoundedFile, slice: MachOSlice, image: MachOImage): Promise<Examination> {
  const cpu = cpuName(slice.cpuType)
  // A signature holds its own addresses, those of property lists and certificates.
  const length = Math.min(slice.size, image.signatureAt ?? slice.size)
  const { hits, isComplete } = await findMarkers(file, slice.offset, length, markers)
  const rest = isComplete ? nothingSeen : refused(slice, searchEnded(slice.size))
  const traits = [...identifierTrait(slice, image), ...functionsTrait(slice, hits)]
  if (traits.length === 0) return rest
  const payloads = []
  for (const key of [...new Set(hits.map((hit) => hit.key))].slice(0, maxKeys)) {
    const read: EncodedText[] = []
    for (const hit of hits) {
      if (hit.key !== key || hit.marker.name !== 'text') continue
      const text = await textAt(file, hit, slice.offset, length)
      if (text) read.push(text)
    }
    const payload = urlsIn(read.map(({ text }) => text)).length > 0 ? xorPayload(read, key, cpu) : undefined
    if (payload) payloads.push(payload)
  }
  return joined([{ traits, payloads, refusals: [] }, rest])
}

function identifierTrait(slice: MachOSlice, { signature, uuid }: MachOImage): readonly Trait[] {
  if (!signature?.isAdHoc || !variantIdentifier.test(signature.identifier)) return []
  const { identifier } = signature
  const name = identifier === publishedIdentifier ? 'agent_identifier' : 'agent_identifier_variant'
  const fields = { cpu: cpuName(slice.cpuType), identifier, ...(uuid !== undefined && { uuid }) }
  return [{ name, offset: slice.offset, fields }]
}

function functionsTrait(slice: MachOSlice, hits: readonly MarkerHit[]): readonly Trait[] {
  const named = hits.filter(({ marker }) => marker.name === 'function')
  const names = functions.filter((name) => named.some(({ marker }) => marker.text === name))
  const [first] = named
  if (!first || names.length < minFunctions) return []
  return [
    {
      name: 'agent_functions',
      offset: first.offset,
      fields: { cpu: cpuName(slice.cpuType), functions: names.join(',') },
    },
  ]
}
