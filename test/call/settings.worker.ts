import { getEnvironmentData, isMainThread } from 'node:worker_threads'
import { serve } from '../../src/index.js'

let runs = 0

/** What a test may set before it connects. */
interface Wishes {
  readonly setupFails?: boolean
  readonly tearsDown?: boolean
}
const wishes = (getEnvironmentData('settings.test') ?? {}) as Wishes

export const CHANNEL = 'settings.test'

export default serve(
  {
    state: (_input: undefined, { state }) => ({ runs: state.runs, square: state.squares.get(3) }),
    *squares(to: number, { state }): Generator<number> {
      for (let n = 1; n <= to; n++) yield state.squares.get(n) ?? n * n
    },
    where: () => ({
      isMainThread,
      title: (process as { threadName?: string }).threadName,
      env: process.env.MILLRACE_TEST,
      execArgv: process.execArgv,
    }),
    log({ count }: { count: number }, ctx): number {
      for (let n = 0; n < count; n++) ctx.log('info', { n })
      return count
    },
    *logsTooMuch(_input: undefined, ctx): Generator<string> {
      yield 'begun'
      ctx.log('warn', () => 1)
    },
    write({ pieces }: { pieces: readonly string[] }): void {
      for (const piece of pieces) process.stdout.write(piece)
    },
  },
  {
    setup: async () => {
      if (wishes.setupFails) throw new RangeError('no setup today')
      return { runs: ++runs, squares: new Map([[3, 9]]) }
    },
    teardown: ({ runs: times }) => {
      if (!wishes.tearsDown) return
      const channel = new BroadcastChannel(CHANNEL)
      channel.postMessage(`torn down ${times}`)
      channel.close()
    },
  },
)
