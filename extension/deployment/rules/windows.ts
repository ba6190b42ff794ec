/**
 * Rules that hold on Windows only: who owns the executable, and who may write to it or its directory.
 *
 * osquery's documentation gives the icacls commands of the fix. Where the access list could not be read the rules say
 * so instead of guessing.
 */
import type { FileFacts, HostFacts } from '../facts.ts'
import { isOn } from '../flags-file.ts'
import { argument, type Judgement, notChecked, ok, type Rule } from '../rule.ts'
import { foreignWriter, isAdministrative, ownerOf } from '../windows-acl.ts'

function refused(facts: HostFacts, subject: FileFacts, found: string, expected: string, fix: string): Judgement {
  return {
    outcome: isOn(facts.flagsFile.text?.flags ?? [], 'allow_unsafe') ? 'warning' : 'failed',
    subject: subject.path,
    found,
    expected,
    logLine: `Will not autoload extension with unsafe directory permissions: ${facts.program.path}`,
    fix,
  }
}

const programOwner: Rule = {
  id: 'program_owner',
  title: 'the executable belongs to Administrators, or to the user osqueryd runs as',
  platforms: ['windows'],
  judge(facts) {
    const { program } = facts
    if (program.nature !== 'file') return []
    const owner = program.sddl === undefined ? undefined : ownerOf(program.sddl)
    if (owner === undefined) return [notChecked(program.path, 'its owner could not be read')]
    if (isAdministrative(owner) || owner === facts.sid) return [ok(program.path, `owner ${owner}`)]
    const fix = `icacls ${argument(program.parent.path, 'windows')} /setowner Administrators /t`
    return [refused(facts, program, `owner ${owner}`, 'owner Administrators', fix)]
  },
}

const accessList: Rule = {
  id: 'access_list',
  title: 'only Administrators and SYSTEM may write to it and its directory',
  platforms: ['windows'],
  judge(facts) {
    if (facts.program.nature !== 'file') return []
    return [facts.program, facts.program.parent].map((one) => {
      if (one.sddl === undefined) return notChecked(one.path, 'its access list could not be read')
      const writer = foreignWriter(one.sddl)
      if (writer === undefined) return ok(one.path, 'no foreign account may write')
      const directory = argument(facts.program.parent.path, 'windows')
      const fix = `icacls ${directory} /grant Administrators:F SYSTEM:F /t, then icacls ${directory} /inheritance:r /t`
      return refused(facts, one, `${writer} may write`, 'write access for Administrators and SYSTEM alone', fix)
    })
  },
}

/** The rules. */
export const windowsRules: readonly Rule[] = [programOwner, accessList]
