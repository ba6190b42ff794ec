/**
 * The rules about indicator bundles: the newest installed one is in force, and its keys can be trusted.
 */
import { argument, ok, type Rule } from '../rule.ts'

/** A bundle that ends sooner is told: a fleet needs days to bring the next one to its hosts. */
const warnDays = 14

const bundleInForce: Rule = {
  id: 'indicator_bundle',
  title: 'the newest installed indicator bundle is in force',
  judge(facts) {
    const { status, now } = facts.bundle
    const { path } = facts.state
    const { bundle, troubles } = status
    const named = bundle === undefined ? 'what ships with the program' : `${bundle.name} version ${bundle.version}`
    const [trouble] = troubles
    if (trouble !== undefined) {
      return [
        {
          outcome: status.state === 'failed' ? 'failed' : 'warning',
          subject: path,
          found: `${trouble.message}; in force is ${named}`,
          expected: 'the newest installed bundle in force',
          fix: `threecx indicators status --state ${argument(path, facts.platform)}`,
        },
      ]
    }
    if (bundle === undefined) return [ok(path, `no bundle is installed; in force is ${named}`)]
    const days = bundle.expires === undefined ? undefined : Math.floor((bundle.expires - now) / 86_400)
    if (days === undefined || days >= warnDays) return [ok(path, named)]
    return [
      {
        outcome: 'warning',
        subject: path,
        found: `${named}, which expires in ${days} days`,
        expected: `a bundle that is good for ${warnDays} days`,
        fix: 'threecx indicators install FILE, with a newer bundle',
      },
    ]
  },
}

const trustedKeys: Rule = {
  id: 'trusted_keys',
  title: 'keys for indicator bundles are where only root could put them',
  judge(facts) {
    const { trust, keys, keyProblems } = facts.bundle
    const subject = trust.join(', ')
    if (keyProblems.length === 0) return [ok(subject, keys.length === 0 ? 'no keys' : `keys ${keys.join(', ')}`)]
    return keyProblems.map((found) => ({
      outcome: 'warning' as const,
      subject,
      found,
      expected: 'regular files of root, one Ed25519 public key each, on a path that nobody else can write to',
      fix: 'correct owner and mode as the message says: sudo chown root, sudo chmod go-w',
    }))
  },
}

/** The rules. */
export const bundleRules: readonly Rule[] = [bundleInForce, trustedKeys]
