/**
 * Who may register, in osquery's words.
 */
import { describe, expect, it } from 'vitest'
import { Registrations } from '../../../../extension/sdk/testing/registrations.ts'
import type { RegistryRoutes } from '../../../../extension/sdk/wire/responder.ts'
import { columns } from './extension.ts'

const info = (name: string, sdk_version = '5.23.0') => ({ name, version: '1', sdk_version, min_sdk_version: '0.0.0' })
const table = (name: string, routes = columns('a TEXT')): RegistryRoutes => ({ table: { [name]: routes } })
const core = [{ registry: 'table', name: 'users' }]
const conflict = (name: string) =>
  `Failed adding registry: Registry item ${name} conflicts with another item of the same name.`

describe('a registration', () => {
  it('gets a number of 16 bits that nobody else has', () => {
    const registrations = new Registrations(core)
    const uuids = Array.from({ length: 2000 }, (_, at) => registrations.register(info(`e${at}`), {}).uuid)
    expect(new Set(uuids).size).toBe(2000)
    expect(uuids.every((uuid) => uuid > 0n && uuid < 65_536n)).toBe(true)
    expect(registrations.all.map(({ uuid }) => uuid)).toEqual([...uuids].sort((a, b) => (a < b ? -1 : 1)))
  })

  it.each([
    ['of a taken name', info('one'), {}, 'Duplicate extension registered'],
    ['of a taken table', info('two'), table('first'), conflict('first')],
    ['of one of the core’s tables', info('two'), table('users'), conflict('users')],
    ['of an unknown registry', info('two'), { nosuch: {} }, 'Failed adding registry: Unknown registry: nosuch'],
    ['without columns', info('two'), table('t', []), 'Failed adding registry: Invalid route info'],
    [
      'of entries without an id',
      info('two'),
      table('t', [{ name: 'a', type: 'TEXT' }]),
      'Failed adding registry: SQLITE_ERROR',
    ],
    [
      'of names SQLite cannot have',
      info('two'),
      table('t', columns('a`b TEXT')),
      'Failed adding registry: SQLITE_ERROR',
    ],
    [
      'of one column twice',
      info('two'),
      table('t', columns('a TEXT', 'A TEXT')),
      'Failed adding registry: SQLITE_ERROR',
    ],
    ['of an old SDK', info('two', '1.7.6'), {}, 'Incompatible extension SDK version'],
  ])('%s is refused', (_what, who, routes, message) => {
    const registrations = new Registrations(core)
    registrations.register(info('one'), table('first'))
    expect(registrations.register(who, routes)).toEqual({ code: 1, message, uuid: 0n })
    expect(registrations.all.map(({ info: { name } }) => name)).toEqual(['one'])
  })

  it.each(['', '0.0.0', 'abc', '1.7.7', '1.8.0', '5.23.0'])('of SDK version %j is taken', (version) => {
    expect(new Registrations(core).register(info('one', version), {}).code).toBe(0)
  })

  it('is taken whole or not at all', () => {
    const registrations = new Registrations(core)
    const both = { table: { fine: columns('a TEXT'), users: columns('a TEXT') } }
    expect(registrations.register(info('one'), both).message).toBe(conflict('users'))
    expect(registrations.register(info('one'), table('fine')).code).toBe(0)
  })

  it('frees its names when it ends', () => {
    const registrations = new Registrations(core)
    const { uuid } = registrations.register(info('one'), table('t'))
    expect(registrations.ownerOf('table', 't')?.uuid).toBe(uuid)
    registrations.remove(uuid)
    expect(registrations.remove(uuid)).toBeUndefined()
    expect(registrations.register(info('one'), table('t')).code).toBe(0)
  })

  it('whose columns were refused leaves the table’s name taken, as osquery does', () => {
    const registrations = new Registrations(core)
    registrations.register(info('one'), table('t', []))
    expect(registrations.register(info('one'), table('t')).message).toBe(conflict('t'))
  })
})
