import { describe, expect, test } from 'vitest'
import { be, join, zeros } from '../../support/byte-writer.ts'
import { examined } from '../../support/examined.ts'
import { expectGolden } from '../../support/golden.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import { agentIdentifier, updateAgent } from '../../support/macos-malware-shapes.ts'

const published = updateAgent()
const other = 'payload2-5555494400112233445566778899aabbccddeeff'

const cases: Readonly<Record<string, Uint8Array>> = {
  published,
  universal: universal([
    { cpu: cpus.x86_64, image: published },
    { cpu: cpus.arm64, image: machO({ cpu: cpus.arm64 }) },
  ]),
  'identifier-variant': updateAgent({ identifier: other, functions: [], texts: [] }),
  'identifier-signed-by-a-team': updateAgent({ team: 'ABCDE12345', functions: [] }),
  'identifier-cut': updateAgent({ identifier: agentIdentifier.slice(0, -1), functions: [] }),
  'functions-three': updateAgent({ identifier: 'x', functions: ['read_config', 'enc_text', 'send_post'] }),
  'functions-two': updateAgent({ identifier: 'x', functions: ['enc_text', 'send_post'] }),
  'functions-inside-longer-names': updateAgent({
    identifier: 'x',
    functions: ['my_parse_json_config', 'read_config2', 'enc_text_', 'send_post'],
  }),
  'functions-of-c++': updateAgent({
    identifier: 'x',
    functions: ['_Z17parse_json_configPKc', '_Z11read_configv', '_Z8enc_textPci', '_Z9send_postPKc'],
  }),
  'texts-under-a-key': updateAgent({ key: 0x7a, functions: [] }),
  'addresses-in-the-signature': updateAgent({ texts: [], identifier: agentIdentifier }),
  'texts-without-address': updateAgent({ texts: ['https://', 'https://%s/x'] }),
  'java-class-with-the-names': join(be(0xcafebabe, 4), be(61, 4), 'enc_text parse_json_config', zeros(100)),
  'slices-10000': join(be(0xcafebabe, 4), be(10_000, 4), 'enc_text', zeros(200_000)),
}

describe('programs are examined as their golden files say', () => {
  for (const [label, bytes] of Object.entries(cases)) {
    test(label, async () => {
      await expectGolden(`decoders/macos-agent/${label}`, await examined('UpdateAgent', bytes))
    })
  }
})

test('the published identifier is told from another number behind the same name', async () => {
  const names = async (identifier: string) =>
    (await examined('x', updateAgent({ identifier, functions: [] }))).traits.map((one) => one.name)
  expect(await names(agentIdentifier)).toEqual(['agent_identifier'])
  expect(await names(other)).toEqual(['agent_identifier_variant'])
  expect(await names('payload2')).toEqual([])
})

test('the address of the agent is read whichever key it stands under', async () => {
  for (const key of [0, 1, 0x20, 0x7a, 0xff]) {
    const { payloads } = await examined('UpdateAgent', updateAgent({ key }))
    expect(payloads.map(({ urls }) => urls)).toEqual([['https://sbmsa.wiki/blog/_insert']])
  }
})
