/**
 * Our extension as osquery would start it, from its sources.
 */
import { runHunterExtension } from '../../extension/main.ts'

process.exitCode = await runHunterExtension(process.argv.slice(2))
