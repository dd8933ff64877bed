/** npm start: installs and builds what is missing, then counts word pairs. Needs nothing but Node and npm. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const MAIN = 'dist/examples/word-pairs/main.js'

/** Every package of a lock file; `undefined` where there is none. */
function packagesIn(path) {
  const file = new URL(path, root)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined
}

/** npm writes what it installed, when all of it is there. Optional packages of other platforms are not installed and not missed. */
function isInstalled() {
  const installed = packagesIn('node_modules/.package-lock.json')
  if (installed === undefined) return false
  const wanted = Object.entries(packagesIn('package-lock.json')).filter(([path, entry]) => path !== '' && !entry.optional)
  return wanted.every(([path, entry]) => installed[path]?.version === entry.version)
}

function must(what, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) return
  console.error(`npm start: ${what} failed${error ? `: ${error.message}` : ''}`)
  process.exit(status ?? 1)
}

/** The npm that runs this script, or the one on the path. */
function install() {
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) must('installing', process.execPath, [npm, 'ci'])
  else must('installing', 'npm', ['ci'])
}

if (!isInstalled()) install()
must('building', process.execPath, ['scripts/build.mjs'])
if (!existsSync(new URL(MAIN, root))) {
  console.error(`npm start: there is no ${MAIN}; its source belongs in examples/word-pairs/main.ts`)
  process.exit(1)
}
must('the example', process.execPath, [MAIN, ...process.argv.slice(2)])
