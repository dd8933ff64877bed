/** npm run bench [-- --json]: builds, then runs all benches. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ROOT } from './run.mjs'

const MAIN = join(ROOT, 'dist/bench/main.js')

if (!(await build()).ok) process.exit(1)
if (!existsSync(MAIN)) {
  console.error('npm run bench: there is no bench/main.ts')
  process.exit(1)
}
process.exitCode = spawnSync(process.execPath, [MAIN, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
