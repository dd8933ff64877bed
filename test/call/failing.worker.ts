import { serve } from '../../src/index.js'

/** Fills the heap until V8 gives up. */
function fill(): never {
  const kept: unknown[] = []
  for (;;) kept.push(new Array(10_000).fill(kept.length))
}

async function die(how: string): Promise<never> {
  switch (how) {
    case 'exit':
      process.exit(7)
      break
    case 'memory':
      fill()
      break
    case 'rejection':
      void Promise.reject(new RangeError('nobody looks'))
      break
    case 'uncaught':
      setImmediate(() => {
        throw new TypeError('uncaught')
      })
  }
  return new Promise(() => {})
}

export default serve({
  die: ({ how }: { how: string }) => die(how),
  async *diesAfter({ values, how }: { values: number; how: string }) {
    for (let n = 0; n < values; n++) yield n
    // What was yielded goes out at the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    await die(how)
  },
  echo: (value: unknown) => value,
  worker: (_input: undefined, { worker }) => worker,
  never: () => new Promise<number>(() => {}),
  *endless() {
    for (let n = 0; ; n++) yield n
  },
})
