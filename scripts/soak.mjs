/** npm run soak -- --minutes M [--seed S]: builds, then runs flows and calls at random on real threads, each checked. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ROOT } from './run.mjs'

if (!(await build()).ok) process.exit(1)
const main = join(ROOT, 'dist/test/soak/main.js')
process.exitCode = spawnSync(process.execPath, ['--expose-gc', main, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
