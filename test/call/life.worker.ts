import { MessagePort } from 'node:worker_threads'
import { serve } from '../../src/index.js'

interface Scheduled {
  immediates: number
  timers: number
  bells: number
  others: number
}

let seen: Scheduled | undefined

/** Counts from now on what this thread schedules and posts. */
export function watchThread(): Scheduled {
  const scheduled: Scheduled = { immediates: 0, timers: 0, bells: 0, others: 0 }
  const { setImmediate: immediate, setTimeout: timeout } = globalThis
  const { postMessage } = MessagePort.prototype
  globalThis.setImmediate = Object.assign((...args: Parameters<typeof immediate>) => {
    scheduled.immediates++
    return immediate(...args)
  }, immediate) as typeof immediate
  globalThis.setTimeout = Object.assign((...args: Parameters<typeof timeout>) => {
    scheduled.timers++
    return timeout(...args)
  }, timeout) as typeof timeout
  MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: []) {
    if (message === 0) scheduled.bells++
    else scheduled.others++
    return postMessage.call(this, message, ...rest)
  }
  return scheduled
}

export default serve({
  watch: () => {
    seen = watchThread()
  },
  watched: () => ({ ...seen }),
  echo: (value: unknown) => value,
  *count({ to = Number.POSITIVE_INFINITY }: { to?: number }) {
    for (let n = 0; n < to; n++) yield n
  },
  *blocks({ blocks, bytes }: { blocks: number; bytes: number }) {
    for (let n = 0; n < blocks; n++) yield new Uint8Array(bytes).fill(n)
  },
  *rows({ rows }: { rows: number }) {
    for (let n = 0; n < rows; n++) yield { n, text: `row ${n}` }
  },
  async *afterMs({ ms }: { ms: number }) {
    await new Promise((resolve) => setTimeout(resolve, ms))
    yield 'late'
  },
  never: () => new Promise<number>(() => {}),
  async *neverYields() {
    await new Promise<void>(() => {})
    yield 1
  },
  spin: () => {
    for (;;);
  },
})
