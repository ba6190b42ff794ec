/** Access lists of Windows, judged as osquery judges them. */
import { describe, expect, it } from 'vitest'
import { foreignWriter, isAdministrative, ownerOf } from '../../../extension/deployment/windows-acl.ts'

const safe = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
const trustedInstaller = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

describe('an access list', () => {
  it.each([
    ['Administrators and SYSTEM alone', safe, undefined],
    ['reading for Users', `${safe}(A;OICI;0x1200a9;;;BU)`, undefined],
    ['everything for Users', `${safe}(A;OICI;FA;;;BU)`, 'BU'],
    ['writing for Users, in numbers', `${safe}(A;;0x2;;;BU)`, 'BU'],
    ['writing for Users, in letters', `${safe}(A;;CCDCLCSWRPWPLOCRRC;;;BU)`, 'BU'],
    ['appending for Authenticated Users, inherited only', `${safe}(A;OICIIO;0x4;;;AU)`, 'AU'],
    [
      'everything for TrustedInstaller and the creator',
      `${safe}(A;;FA;;;${trustedInstaller})(A;OICIIO;FA;;;CO)`,
      undefined,
    ],
    ['a generic right that was not mapped', `${safe}(A;OICIIO;GA;;;BU)`, undefined],
    ['a deny in front of the allow', 'D:(D;;0x116;;;BU)(A;;FA;;;BU)', undefined],
    ['a deny behind the allow', 'D:(A;;FA;;;BU)(D;;0x116;;;BU)', 'BU'],
    ['a deny of only some bits', 'D:(D;;0x2;;;BU)(A;;FA;;;BU)', 'BU'],
    ['a deny for Everyone', 'D:(D;;FA;;;WD)(A;;FA;;;BU)', undefined],
    ['an account by number', `${safe}(A;;FA;;;S-1-5-21-1-2-3-1001)`, 'S-1-5-21-1-2-3-1001'],
    ['no list at all', 'O:BAG:SYD:NO_ACCESS_CONTROL', 'Everyone (there is no access list)'],
    ['no list part', 'O:BAG:SY', 'Everyone (there is no access list)'],
  ])('with %s is judged', (_, sddl, writer) => {
    expect(foreignWriter(sddl)).toBe(writer)
  })

  it('names its owner', () => {
    expect(ownerOf(safe)).toBe('S-1-5-32-544')
    expect(isAdministrative(ownerOf(safe) ?? '')).toBe(true)
    expect(ownerOf('O:S-1-5-21-1-2-3-1001G:DUD:')).toBe('S-1-5-21-1-2-3-1001')
    expect(isAdministrative('S-1-5-21-1-2-3-1001')).toBe(false)
    expect(ownerOf('D:')).toBeUndefined()
  })
})
