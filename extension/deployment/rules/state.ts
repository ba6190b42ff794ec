/**
 * The rule about our own state directory: what lies in it is believed later, so nobody else may write there.
 */
import { argument, notChecked, ok, type Rule } from '../rule.ts'

const stateDirectory: Rule = {
  id: 'state_directory',
  title: 'the state directory is private',
  judge(facts) {
    const { path, nature, mode, uid, isLink } = facts.state
    const directory = argument(path, facts.platform)
    if (nature === 'missing') return [ok(path, 'not there yet; made at the first start')]
    if (nature === 'unreadable') return [notChecked(path, 'this user cannot look at it; run as root')]
    const failed = (found: string, fix: string) => [
      { outcome: 'failed' as const, subject: path, found, expected: 'a directory of our own, mode 0700', fix },
    ]
    if (nature !== 'directory' || isLink)
      return failed(isLink ? 'a symbolic link' : `a ${nature}`, `sudo rm ${directory}`)
    if (facts.platform === 'windows') return [notChecked(path, 'there, but its access list is not judged')]
    if (uid !== facts.uid)
      return failed(`owner uid ${uid}, you are uid ${facts.uid}`, `sudo chown ${facts.uid} ${directory}`)
    const found = `mode ${mode.toString(8).padStart(4, '0')}`
    return (mode & 0o022) === 0
      ? [ok(path, found)]
      : failed(`${found}: others may write`, `sudo chmod 700 ${directory}`)
  },
}

/** The rules. */
export const stateRules: readonly Rule[] = [stateDirectory]
