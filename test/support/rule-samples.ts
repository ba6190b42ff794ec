/**
 * For every rule that ships: bytes it must match, and the nearest harmless ones it must not.
 *
 * Synthetic: a program or library without code, with the strings that the rule is about in its data.
 */
import { field, join } from './byte-writer.ts'
import { icon, trailer } from './icon-builder.ts'
import { machO, universal } from './macho-builder.ts'
import { noise } from './noise.ts'
import { peImage } from './pe-builder.ts'

/** Samples of one rule. */
export interface RuleSample {
  readonly positive: Uint8Array
  /** Differs in what the rule is about, and in nothing else. */
  readonly negative: Uint8Array
}

const text = (value: string) => Uint8Array.from(Buffer.from(`${value}\0`, 'latin1'))
const wide = (value: string) => Uint8Array.from(Buffer.from(`${value}\0`, 'utf16le'))
const hex = (value: string) => Uint8Array.from(Buffer.from(value.replaceAll(' ', ''), 'hex'))
const xored = (value: string, key = 0x7a) => Uint8Array.from(Buffer.from(`${value}\0`, 'latin1'), (byte) => byte ^ key)

const pe = (...parts: Uint8Array[]) => peImage({ isDll: true, text: noise('rule', 600), data: join(...parts) })
const thin = (...parts: Uint8Array[]) => machO({ fileType: 'dylib', data: join(noise('rule', 300), ...parts) })
const fat = (...parts: Uint8Array[]) => universal([{ cpu: 0x0100_0007, image: thin(...parts) }])

const chromium = 'SELECT url, title FROM urls ORDER BY id DESC LIMIT 500'
const firefox = 'SELECT url, title FROM moz_places ORDER BY id DESC LIMIT 500'
const cookie = '3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true'
const bootstrap = (hash: string) => hex(`e8 00000000 59 4989c8 4881c1 58060000 ba ${hash} 4981c0 583a0400`)

/** Samples by the name of the rule. */
export const ruleSamples: Readonly<Record<string, RuleSample>> = {
  threecx_icon_trailer: {
    positive: icon(trailer({ text: 'https://msedgepackageinfo.com/microsoft-edge' })),
    negative: icon(`$${'a price of 10 dollars, '.repeat(8)}`),
  },
  threecx_iconic_loader: {
    positive: pe(wide('https://raw.githubusercontent.com/IconStorages/images/main/icon%d.ico')),
    negative: pe(wide('https://raw.githubusercontent.com/IconStorage/images/main/icon%d.ico'), text('__tutmc')),
  },
  threecx_iconic_stealer: {
    positive: pe(text(chromium), text(firefox)),
    negative: pe(text(chromium), text('SELECT url FROM moz_places')),
  },
  threecx_jkiss_generator: {
    positive: pe(hex('15cd5b07 b168de3a a47b9302 69c0 7d50bf12 05 87d61200')),
    negative: pe(hex('15cd5b07 b168de3a a47b9302 69c0 7d50bf12 05'), noise('far', 100), hex('87d61200')),
  },
  threecx_loader_bootstrap: {
    positive: pe(bootstrap('daf458f5')),
    negative: pe(bootstrap('daf458f6')),
  },
  threecx_marker_search: {
    positive: pe(hex('41807c00fdfe7510 41807c00feed7508 41807c00fffa7500 41803c00ce')),
    negative: pe(hex('41807c00fdfe7510 41807c00feed7508 41807c00fffb7500 41803c00ce')),
  },
  threecx_loader_event: {
    positive: pe(wide('AVMonitorRefreshEvent'), wide('d3dcompiler_47.dll')),
    negative: pe(wide('AVMonitorRefreshEvent'), wide('d3d11.dll')),
  },
  threecx_rc4_key: {
    positive: pe(text('3jB(2bsG#@c7')),
    negative: pe(text('3jB(2bsG#@c8')),
  },
  threecx_carrier_marker: {
    positive: join(pe(noise('surplus', 100)), noise('more', 3000), hex('feedfacefeedface'), noise('payload', 500)),
    negative: join(pe(hex('feedfacefeedface')), noise('long', 40_000)),
  },
  threecx_vendor_certificate: {
    positive: pe(hex('0210 1b6611df9c9a4d6ecc8ed50c9b917873')),
    negative: pe(hex('0211 001b6611df9c9a4d6ecc8ed50c9b917873')),
  },
  threecx_macos_loader: {
    positive: fat(xored('3cx_auth_token_content=%s'), xored('/System/Library/CoreServices/SystemVersion.plist')),
    negative: fat(xored('3cx_auth_token_content=%s', 0x55), text('%s/.main_storage')),
  },
  threecx_macos_agent: {
    positive: thin(text(cookie), text('parse_json_config'), text('send_post')),
    negative: thin(text(cookie), text('send_post')),
  },
  threecx_poolrat: {
    positive: thin(text('--N9dLfqxHNUUw8qaUPqggVTpX-'), text('name="uid"'), text('name="token"')),
    negative: thin(text('--N9dLfqxHNUUw8qaUPqggVTpX-'), text('name="uid"')),
  },
  threecx_veiledsignal: {
    positive: pe(text('\\\\.\\pipe\\gecko.nativeMessaging'), text('__tutma')),
    negative: pe(text('\\\\.\\pipe\\gecko.nativeMessaging')),
  },
  threecx_veiledsignal_dropper: {
    positive: pe(hex('5edaf376'), noise('between', 50), hex('74f239dae5cf')),
    negative: pe(hex('5edaf376'), noise('between', 50), hex('74f239dae5ce')),
  },
  threecx_gopuram: {
    positive: pe(wide('%s\\config\\TxR\\%s.TxR.0.regtrans-ms')),
    negative: pe(wide('%s\\config\\TxR\\%s.TxR.1.regtrans-ms')),
  },
  threecx_gopuram_module_check: {
    positive: pe(hex('25a387de'), noise('between', 20), hex('b87dcb38')),
    negative: pe(hex('25a387de')),
  },
}

/** Everything any rule looks for, as a report would quote it: no program, so no rule may match. */
export function quotedReport(): Uint8Array {
  const parts = Object.values(ruleSamples).map(({ positive }) => positive.subarray(0x40))
  return join(field(text('<html><body>3CX, quoted whole'), 64), ...parts)
}
