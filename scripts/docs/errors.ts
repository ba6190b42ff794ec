/**
 * docs/errors.md, from the table of codes.
 */
import { errorCodes } from '../../extension/domain/errors.ts'

/** The whole page. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { exit, title, remedy }]) => `| ${exit} | \`${code}\` | ${title} | ${remedy} |`,
  )
  return `# Exit codes and errors

Generated from \`extension/domain/errors.ts\` by \`npm run docs\`. Codes are permanent. Every failure is one line on
stderr that says what was attempted, on what, what was found and what to do.

| exit | code | meaning | what to do |
|---|---|---|---|
| 0 | | Nothing was found, and everything that was promised was examined | |
| 1 | | Something was found | Read the report; \`threecx hunt\` ends with what to do next. |
${rows.join('\n')}

Reasons for which a file or directory was not examined stand in \`threecx_scans.errors\`: \`denied\`, \`vanished\`,
\`changed\`, \`not_regular\`, \`symlink\`, \`too_big\`, \`too_deep\`, \`too_many\`, \`other_filesystem\`, \`skipped\`,
\`timeout\`, \`io\`.
`
}
