/** npm run docs:errors: writes docs/ERRORS.md from the compiled table of codes. A test compares the two. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ROOT } from './run.mjs'

const HEAD = `# Errors

Every error this package raises is a \`MillraceError\`. Match on \`error.code\`: messages are for people and change.
\`error.fault\` says whose fault it is: \`user\` is the calling program, \`remote\` is what runs on the other side, \`library\` is this package.

## Codes

| Code | Fault | Cause | Cure |
|---|---|---|---|
`

const cell = (text) => text.replaceAll('|', '\\|')

if (!(await build()).ok) process.exit(1)
const { CODES } = await import('../dist/src/base/codes.js')
const rows = Object.entries(CODES).map(([code, { fault, cause, cure }]) => `| \`${code}\` | ${fault} | ${cell(cause)} | ${cell(cure)} |\n`)
writeFileSync(join(ROOT, 'docs/ERRORS.md'), HEAD + rows.join(''))
