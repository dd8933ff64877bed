import { AsyncLocalStorage } from 'node:async_hooks'
import { serve } from '../../src/index.js'

const current = new AsyncLocalStorage<string>()

export default serve(
  {
    value: async (_input: unknown) => {
      await Promise.resolve()
      return current.getStore() ?? 'nothing'
    },
    *stream(count: number) {
      for (let n = 0; n < count; n++) yield current.getStore() ?? 'nothing'
    },
    async *slowly(count: number) {
      for (let n = 0; n < count; n++) {
        await new Promise((resolve) => setImmediate(resolve))
        yield current.getStore() ?? 'nothing'
      }
    },
    async *each(numbers: AsyncIterable<number>) {
      for await (const n of numbers) yield `${current.getStore()} ${n}`
    },
  },
  {
    extract(carrier, run) {
      if (carrier.refuse !== undefined) throw new RangeError(carrier.refuse)
      if (carrier.forget !== undefined) return undefined
      return current.run(carrier.traceparent, run)
    },
  },
)
