import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { comparator } from '../../src/columnar/order.js'
import type { Row } from '../../src/columnar/schema.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { ExchangeOutput } from '../../src/exchange/exchange-output.js'
import { Gather } from '../../src/exchange/gather.js'
import { OrderedMerge } from '../../src/exchange/ordered-merge.js'
import { gatherRouter } from '../../src/exchange/router.js'
import { TestMesh } from '../support/test-mesh.js'
import { streamId, TestSource } from '../support/test-source.js'
import { settled } from './support.js'

const compare = comparator([{ column: 'key', descending: false }])

interface Senders {
  readonly mesh: TestMesh
  readonly input: ExchangeInput
  readonly sources: TestSource[]
}

/** Participants 1, 2, ... send rows to participant 0, in batches of `batchRows`; an error is thrown after the rows. */
function senders(rows: readonly (readonly Row[])[], options: { batchRows?: number; seed?: number; error?: Error } = {}): Senders {
  const mesh = new TestMesh({ participants: rows.length + 1, ...(options.seed !== undefined && { seed: options.seed }) })
  const sources = rows.map((mine, index) => {
    const source = new TestSource(
      streamId(1, index + 1),
      async (task) => {
        const output = new ExchangeOutput(`stage ${index}`, task, gatherRouter, () => task.flush())
        for (const [n, row] of mine.entries()) {
          output.push(row)
          if ((n + 1) % (options.batchRows ?? 3) === 0) output.flushAll()
        }
        output.flushAll()
        if (options.error !== undefined) throw options.error
      },
      { delivery: 'flows' },
    )
    mesh.sessions[index + 1].register(source)
    mesh.sessions[index + 1].seal()
    return source
  })
  const input = new ExchangeInput(
    'the input',
    rows.map((_mine, index) => mesh.request(0, streamId(1, index + 1), 'flows')),
  )
  return { mesh, input, sources }
}

/** Takes until it is done; where nothing is there the mesh goes on. */
async function takeAll<T>(from: { take(): T | undefined; readonly isDone: boolean; ready(): Promise<void> }, mesh: TestMesh): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const next = from.take()
    if (next !== undefined) all.push(next)
    else if (from.isDone) return all
    else {
      const ready = from.ready()
      await mesh.settle()
      await ready
    }
  }
}

const rowsOfSenders = fc.array(
  fc.array(fc.record({ key: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(null)), text: fc.string({ maxLength: 4 }) }), {
    maxLength: 30,
  }),
  { minLength: 1, maxLength: 4 },
)

test('an ordered merge of sorted senders is the sort of all rows, equal ones in the order of the senders', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOfSenders, fc.integer({ min: 1, max: 7 }), fc.nat(1000), async (unsorted, batchRows, seed) => {
      const rows = unsorted.map((mine, sender) => [...mine].sort(compare).map((row) => ({ ...row, sender })))
      const { mesh, input } = senders(rows, { batchRows, seed })
      const merged = await takeAll(new OrderedMerge(input, compare), mesh)
      assert.deepEqual(merged, rows.flat().sort(compare))
      await mesh.end()
    }),
    { numRuns: 40 },
  )
})

test('a gather gives every row of every sender once, each sender in its order', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOfSenders, fc.integer({ min: 1, max: 7 }), fc.nat(1000), async (rows, batchRows, seed) => {
      const { mesh, input } = senders(
        rows.map((mine, sender) => mine.map((row, n) => ({ ...row, sender, n }))),
        { batchRows, seed },
      )
      const batches = await takeAll(new Gather(input), mesh)
      const taken = batches.flatMap((batch) => batch.rows())
      for (const [sender, mine] of rows.entries()) {
        assert.deepEqual(
          taken.filter((row) => row.sender === sender),
          mine.map((row, n) => ({ ...row, sender, n })),
        )
      }
      assert.equal(taken.length, rows.flat().length)
      await mesh.end()
    }),
    { numRuns: 40 },
  )
})

test('nothing is asked for before somebody waits, and to close cancels those too that were never asked', async () => {
  const { mesh, input, sources } = senders([[{ key: 1 }], [{ key: 2 }]])
  const gather = new Gather(input)
  assert.equal(gather.take(), undefined)
  await mesh.settle()
  assert.deepEqual(
    sources.map(({ runs }) => runs),
    [0, 0],
  )
  gather.close()
  assert.equal(gather.isDone, true)
  await mesh.settle()
  assert.deepEqual(
    sources.map(({ runs, disposed }) => [runs, disposed]),
    [
      [0, 1],
      [0, 1],
    ],
  )
  await mesh.end()
})

test('a merge waits for the rows that are missing only, and gives none before it has one of every sender', async () => {
  let release = (): void => {}
  const mesh = new TestMesh({ participants: 3 })
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  for (const sender of [1, 2]) {
    const source = new TestSource(
      streamId(1, sender),
      async (task) => {
        const output = new ExchangeOutput('stage', task, gatherRouter, () => task.flush())
        if (sender === 2) await held
        for (let n = 0; n < 5; n++) output.push({ key: n, sender })
        output.flushAll()
      },
      { delivery: 'flows' },
    )
    mesh.sessions[sender].register(source)
    mesh.sessions[sender].seal()
  }
  const merge = new OrderedMerge(
    new ExchangeInput(
      'the input',
      [1, 2].map((sender) => mesh.request(0, streamId(1, sender), 'flows')),
    ),
    compare,
  )
  void merge.ready()
  await mesh.settle()
  assert.equal(merge.take(), undefined)
  const ready = merge.ready()
  await mesh.settle()
  assert.equal(await settled(ready), false)
  release()
  await mesh.settle()
  assert.deepEqual(
    (await takeAll(merge, mesh)).map((row) => [row.key, row.sender]),
    [0, 1, 2, 3, 4].flatMap((key) => [
      [key, 1],
      [key, 2],
    ]),
  )
  await mesh.end()
})

test('an error of a sender is thrown by the one who takes, and what was buffered is dropped', async () => {
  for (const kind of ['gather', 'merge'] as const) {
    const { mesh, input } = senders([[{ key: 1 }], [{ key: 2 }]], { error: new RangeError('broken') })
    const reader = kind === 'gather' ? new Gather(input) : new OrderedMerge(input, compare)
    const error = await takeAll<unknown>(reader, mesh).catch((thrown: Error) => thrown)
    assert.ok(error instanceof RangeError && error.message === 'broken', kind)
    reader.close()
    await mesh.end()
  }
})

test('two senders with two types in one column are the error ColumnType, with null giving way', async () => {
  const { mesh, input } = senders([[{ key: 1, v: null }], [{ key: 2, v: 'text' }], [{ key: 3, v: true }]])
  const error = await takeAll(new Gather(input), mesh).catch((thrown: Error & { code?: string }) => thrown)
  assert.match(String((error as Error).message), /the input: column "v" is (utf8|boolean) from one worker and (utf8|boolean) from another/)
  input.close()
  await mesh.end()
})
