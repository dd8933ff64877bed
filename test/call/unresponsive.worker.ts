import { once } from 'node:events'
import { serve } from '../../src/index.js'

let goOn: () => void = () => {}

/** For a test in the thread of the handlers. */
export const letGo = (): void => goOn()

export const CHANNEL = 'unresponsive.test'

/** For the test: from here on it does not stop by itself. */
function tellBegun(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage('begun')
  channel.close()
}

export default serve({
  /** Computes for ever. */
  *spins(): Generator<string> {
    tellBegun()
    for (;;) if (Date.now() < 0) yield 'never'
  },
  *yields(): Generator<string> {
    for (;;) yield 'again'
  },
  /** Waits for something that never comes. */
  async *waits(): AsyncGenerator<string> {
    tellBegun()
    await new Promise(() => {})
    yield 'never'
  },
  async *untilLetGo(): AsyncGenerator<string> {
    tellBegun()
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    yield 'at last'
  },
  neverAnswers: () => new Promise<string>(() => {}),
  async listens(_input: undefined, { signal }): Promise<void> {
    await once(signal, 'abort')
  },
  worker: (_input: undefined, { worker }): number => worker,
})
