import { once } from 'node:events'
import { serve } from '../../src/index.js'

let goOn: () => void = () => {}

/** For a test in the thread of the handlers. */
export const letGo = (): void => goOn()

export default serve({
  /** Yields once, and computes for ever. */
  *spins(): Generator<string> {
    yield 'begun'
    for (;;);
  },
  *yields(): Generator<string> {
    for (;;) yield 'again'
  },
  /** Waits for something that never comes. */
  async *waits(): AsyncGenerator<string> {
    yield 'begun'
    await new Promise(() => {})
  },
  async *untilLetGo(): AsyncGenerator<string> {
    yield 'begun'
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
  },
  neverAnswers: () => new Promise<string>(() => {}),
  async listens(_input: undefined, { signal }): Promise<void> {
    await once(signal, 'abort')
  },
  worker: (_input: undefined, { worker }): number => worker,
})
