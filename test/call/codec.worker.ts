import { coded, idempotent, serve } from '../../src/index.js'
import { type Column, columns } from './codec.js'

const longTo = 100_000

function* numbers({ batches, rows }: { batches: number; rows: number }): Generator<Column> {
  for (let batch = 0; batch < batches; batch++)
    yield { batch, values: Float64Array.from({ length: rows }, (_none, row) => batch + row / longTo) }
}

export default serve({
  numbers: coded(columns, numbers),
  again: idempotent(coded(columns, numbers)),
  async *plain(count: number) {
    for (let n = 0; n < count; n++) yield n
  },
  wrong: coded({ encode: (text: string) => text as never, decode: String }, function* () {
    yield 'no bytes'
  }),
  throws: coded(columns, async function* () {
    yield { batch: 1, values: new Float64Array(1) }
    yield { batch: -1, values: new Float64Array(1) }
  }),
  /** The same from another worker. */
  relayed: coded(columns, async function* (from: number, { peers }) {
    yield* peers.on<{ numbers(input: { batches: number; rows: number }): Generator<Column> }>(from).numbers({ batches: 3, rows: 5 })
  }),
})
