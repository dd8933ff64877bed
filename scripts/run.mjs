/** Running the project's tools: without a shell, with a time limit, and never leaving anything behind. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../', import.meta.url))

const running = new Set()

/** The whole process group ends, so that a worker process of a stuck test ends too. */
function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL') // no such group: it is gone already, or the platform has none
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    for (const child of running) killGroup(child)
    process.exit(code)
  })
}

/**
 * Runs `node script ...args` from `cwd` (default: the project's root) and waits for its end.
 * After `timeoutMs` it is killed with everything it started. `onMessage` gets what it sends over IPC.
 */
export function runNode(args, { cwd = ROOT, env = {}, timeoutMs = 90_000, onMessage } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'inherit', 'inherit', ...(onMessage ? ['ipc'] : [])]
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio, detached: true })
    running.add(child)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      killGroup(child)
    }, timeoutMs)
    if (onMessage) child.on('message', onMessage)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      running.delete(child)
      killGroup(child)
      resolve({ ok: code === 0 && !timedOut, code, timedOut })
    })
  })
}

/** The path of a tool's script in `node_modules`. */
export const tool = (path) => join(ROOT, 'node_modules', path)
