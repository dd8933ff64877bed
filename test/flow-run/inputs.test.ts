import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { type Flow, flow, type Inputs, lines, readBatches, rows } from 'millrace/flow'
import { isEven, same } from './stages/basic.js'
import { errorOf, rowsOf, sorted, start, temporaryFolder, useWays, writeFiles } from './support.js'

type Event = { id: number; name: string | null; big: bigint; on: boolean; at: Date }

const STAGES = new URL('./stages/basic.js', import.meta.url)
const { ways, pool } = useWays()
const folder = temporaryFolder()

const events = (): Flow<Event> => flow(STAGES).read(rows<Event>('events'))
const numbers = (): Flow<{ id: number }> => flow(STAGES).read(rows<{ id: number }>('numbers'))

const EVENTS: Event[] = Array.from({ length: 5000 }, (_none, id) => ({
  id,
  name: id % 3 === 0 ? null : `event ${id}`,
  big: BigInt(id) ** 4n,
  on: id % 2 === 0,
  at: new Date(id * 1000),
}))

async function* later<R>(given: Iterable<R>): AsyncGenerator<R> {
  yield* given
}

describe('rows of the leader come through whole', () => {
  const KINDS: Record<string, () => Inputs[string]> = {
    'an array': () => EVENTS,
    'a generator': () => EVENTS.values(),
    'an async generator': () => later(EVENTS),
    'a stream of objects': () => Readable.from(EVENTS),
    'an object that is only iterable': () => ({ [Symbol.iterator]: () => EVENTS[Symbol.iterator]() }),
  }
  for (const [kind, given] of Object.entries(KINDS)) {
    test(kind, async () => {
      for (const way of ways) {
        const run = start(events(), { ...way.options, inputs: { events: given() } })
        assert.deepEqual(sorted(await run.collect()), sorted(EVENTS), way.name)
        assert.equal(run.stats().rowsIn, EVENTS.length, way.name)
      }
    })
  }

  test('none', async () => {
    for (const way of ways) assert.deepEqual(await rowsOf(events(), { ...way.options, inputs: { events: [] } }), [])
  })
})

test('they are filtered, grouped, joined and put beside others like rows of files', async () => {
  await writeFiles(folder, { 'a.txt': 'one\ntwo\n' })
  for (const way of ways) {
    const inputs = { events: later(EVENTS), numbers: [{ id: 4 }, { id: 7 }, { id: 8 }] }
    const joined = await rowsOf(events().filter(isEven).join(numbers(), { on: 'id' }).sort('id'), { ...way.options, inputs })
    assert.deepEqual(joined, [EVENTS[4], EVENTS[8]], way.name)
    const files = flow(STAGES).read(lines(`${folder}/*.txt`))
    const texts = flow(STAGES).read(rows<{ text: string; file: string; offset: number }>('texts'))
    const both = await rowsOf(
      files
        .union(texts)
        .groupBy('text', (a) => ({ n: a.count() }))
        .sort('text'),
      {
        ...way.options,
        inputs: { texts: [{ text: 'two', file: '', offset: 0 }] },
      },
    )
    assert.deepEqual(both, [
      { text: 'one', n: 1 },
      { text: 'two', n: 2 },
    ])
  }
})

test('all workers get some', async () => {
  const given = Array.from({ length: 50_000 }, (_none, id) => ({ id, text: 'some text to fill batches' }))
  const run = start(numbers().map(same), { pool: pool(2), inputs: { numbers: given } })
  assert.equal((await run.collect()).length, given.length)
  const { sentBytes } = run.stats()
  assert.ok((sentBytes[1]?.[0] ?? 0) > 10_000 && (sentBytes[2]?.[0] ?? 0) > 10_000, JSON.stringify(sentBytes))
})

test('a row that comes alone is given at once: the next one may depend on it', async () => {
  for (const way of ways) {
    let taken: () => void = () => {}
    async function* inTurn(): AsyncGenerator<{ id: number }> {
      for (let id = 0; id < 20; id++) {
        const isTaken = new Promise<void>((resolve) => {
          taken = resolve
        })
        yield { id }
        await isTaken
      }
    }
    const ids: number[] = []
    for await (const { id } of start(numbers(), { ...way.options, inputs: { numbers: inTurn() } })) {
      ids.push(id)
      taken()
    }
    assert.deepEqual(ids, [...Array(20).keys()], way.name)
  }
})

test('no more rows are pulled than are wanted, and one who is left is told', async () => {
  for (const way of ways) {
    for (const isAsync of [false, true]) {
      let pulled = 0
      let ended = 0
      function* endless(): Generator<{ id: number; text: string }> {
        try {
          for (;;) yield { id: pulled++, text: 'x'.repeat(1000) }
        } finally {
          ended++
        }
      }
      const given = isAsync ? later(endless()) : endless()
      assert.equal((await rowsOf(numbers().limit(10), { ...way.options, inputs: { numbers: given } })).length, 10)
      assert.equal(ended, 1, way.name)
      // A window of each worker, and what is built and on its way.
      assert.ok(pulled < 10_000 * Math.max(1, way.workers), `${way.name}: ${pulled} pulled`)
    }
  }
})

test('one whose rows nobody wants at all is told too', async () => {
  for (const way of ways) {
    const stream = Readable.from([{ id: 1 }])
    assert.deepEqual(await rowsOf(numbers().limit(0), { ...way.options, inputs: { numbers: stream } }), [])
    assert.ok(stream.destroyed, way.name)
  }
})

test('a run is cancelled while its iterable waits for what never comes', async () => {
  for (const way of ways) {
    let asked: () => void = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    let returned = 0
    const waiting: AsyncIterator<{ id: number }> = {
      next: () => new Promise(() => asked()),
      return: async () => {
        returned++
        return { done: true, value: undefined }
      },
    }
    const iterable = { [Symbol.asyncIterator]: () => waiting }
    const run = start(numbers(), { ...way.options, inputs: { numbers: iterable } })
    const collected = errorOf(run.collect())
    await isAsked
    await run.cancel('enough')
    assert.equal((await collected).code, 'Cancelled', way.name)
    assert.equal(returned, 1)

    const stream = new Readable({ objectMode: true, read() {} })
    stream.push({ id: 1 })
    for await (const row of start(numbers(), { ...way.options, inputs: { numbers: stream } })) {
      assert.deepEqual(row, { id: 1 })
      break
    }
    assert.ok(stream.destroyed, way.name)
  }
})

test('what the iterable throws is what the run throws', async () => {
  const error = Object.assign(new TypeError('the feed is gone'), { place: 7 })
  function* throwing(): Generator<{ id: number }> {
    for (let id = 0; id < 100; id++) yield { id }
    throw error
  }
  const broken = {
    [Symbol.asyncIterator]: () => {
      throw error
    },
  }
  for (const way of ways) {
    for (const given of [throwing(), later(throwing()), Readable.from(throwing()), broken]) {
      assert.equal(await errorOf(rowsOf(numbers(), { ...way.options, inputs: { numbers: given } })), error, way.name)
    }
  }
})

test('what is no row, or holds what no column can, is an error with input, row and cure', async () => {
  for (const [given, message] of [
    [[{ id: 1 }, 2], /"input \\"numbers\\"", row 2: a row must be a plain object, not a number/],
    [[undefined], /row 1: a row must be a plain object, not null/],
    [[{ id: () => 1 }], /row 1: column "id" is a function, which no column can hold/],
    [[{ id: 1 }, { id: 'x' }], /row 2: column "id" is a string \("x"\), but the column is float64/],
  ] as const) {
    let isTold = false
    function* from(): Generator<object> {
      try {
        yield* given as readonly object[]
        for (;;) yield {}
      } finally {
        isTold = true
      }
    }
    for (const way of ways.slice(0, 2)) {
      const error = await errorOf(rowsOf(numbers(), { ...way.options, inputs: { numbers: from() } }))
      assert.equal(error.code, 'ColumnType')
      assert.match(error.message, message)
      assert.ok(isTold, way.name)
    }
  }
})

test('a run is given what its flow reads, and nothing else', () => {
  const refused = (run: () => unknown, message: RegExp) => assert.throws(run, { code: 'InvalidArgument', message })
  refused(() => events().run(), /the flow reads rows\("events"\): give them to run\(\) as inputs\["events"\]/)
  refused(() => events().run({ inputs: { event: [] } }), /give them to run/)
  refused(
    () => events().run({ inputs: { events: [], more: [] } }),
    /inputs\["more"\]: the flow reads no rows of that name; it reads "events"/,
  )
  refused(
    () =>
      flow(STAGES)
        .read(lines('a'))
        .run({ inputs: { more: [] } }),
    /it reads none/,
  )
  refused(() => events().run({ inputs: { events: 7 as unknown as [] } }), /takes an iterable or async iterable of rows, got number/)
  refused(() => events().run({ inputs: { events: 'text' as unknown as [] } }), /got string/)
  refused(
    () =>
      events()
        .union(events())
        .run({ inputs: { events: [] } }),
    /reads rows\("events"\) twice/,
  )
  refused(() => rows(''), /rows\(\) takes the name of an input/)
})

test('the plan is plain, and only a flow reads them', async () => {
  const job = numbers().limit(1)
  const plan = await job.plan()
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan)
  assert.deepEqual(plan.stages[0]?.input, { kind: 'rows', name: 'numbers' })
  assert.match(await job.explain(), /^ {2}read rows numbers$/m)
  await assert.rejects(readBatches(rows('numbers')).next(), { code: 'InvalidArgument', message: /reads files/ })
})
