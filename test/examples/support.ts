import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { createPool, type Flow, type FlowPool } from 'millrace/flow'
import { LIMITS } from '../../src/base/limits.js'
import { PROJECT_ROOT } from '../support/root.js'

/** The numbers of workers that an example is tried with in full; 0 runs in the thread of the test. */
const WORKERS = [0, 1, 2, 4]
const RING_BYTES = [...(process.env.MILLRACE_FULL === '1' ? [LIMITS.ringBytesDefault] : []), LIMITS.ringBytesMin]

/** A pattern below the project's root, wherever the tests run. */
export function inProject(pattern: string): string {
  return `${fileURLToPath(PROJECT_ROOT)}${pattern}`
}

/** One test per number of workers and size of rings: the flow's rows, in order, are those of the program of one thread. */
export function equalsOneThread<R>(name: string, flow: Flow<R>, oneThread: () => Promise<R[]>, counts = WORKERS): void {
  let expected: Promise<R[]> | undefined
  for (const workers of counts) {
    let pool: FlowPool | undefined
    after(() => pool?.close())
    for (const ringBytes of RING_BYTES) {
      test(`${name} with ${workers} workers and rings of ${ringBytes / 1024} KiB equal the program of one thread`, async () => {
        expected ??= oneThread()
        pool ??= createPool({ workers })
        const rows = await flow.run({ pool, ringBytes }).collect()
        assert.deepEqual(rows.slice(0, 100), (await expected).slice(0, 100))
        assert.deepEqual(rows, await expected)
      })
    }
  }
}
