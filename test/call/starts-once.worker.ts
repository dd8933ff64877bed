import { writeFileSync } from 'node:fs'
import { serve } from '../../src/index.js'

/** Only the first of them can begin. */
export default serve(
  {
    async wait(gate: AsyncIterable<number>) {
      for await (const _each of gate);
    },
    tries: () => 1,
  },
  { setup: () => writeFileSync(String(process.env.ONCE), '', { flag: 'wx' }) },
)
