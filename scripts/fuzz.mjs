/**
 * npm run fuzz [-- --cases N] [--seed S] [--from K]: builds, then attacks the protocol with random and mutated bytes, in a process of its
 * own: a case that crashes it, or that has no end, is told of here.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ROOT } from './run.mjs'

/** The process tells of its progress every thousand cases, a second or so. */
const SILENCE_MS = 120_000

if (!(await build()).ok) process.exit(1)

let last = 'none'
let silence
const child = spawn(process.execPath, [join(ROOT, 'dist/test/fuzz/main.js'), ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})

function watch() {
  clearTimeout(silence)
  silence = setTimeout(() => {
    console.error(`no progress for ${SILENCE_MS / 1000} s: a case among the thousand from ${last} has no end`)
    child.kill('SIGKILL')
  }, SILENCE_MS)
}

watch()
child.on('message', (number) => {
  last = number
  watch()
})
child.on('exit', (code, signal) => {
  clearTimeout(silence)
  if (code === 0) return
  console.error(`fuzz: ${signal ?? `exit code ${code}`}; the last thousand began with case ${last}`)
  process.exitCode = 1
})
