/** npm run oracle [-- --flows N] [--seed S]: builds, then runs random flows against DuckDB; see test/oracle/main.ts. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ROOT } from './run.mjs'

const MAIN = join(ROOT, 'dist/test/oracle/main.js')

if (!(await build()).ok) process.exit(1)
process.exitCode = spawnSync(process.execPath, [MAIN, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
