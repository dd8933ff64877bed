import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { OperatorPlan } from '../../src/flow/plan.js'
import { call, drain, environment, hasty, pipeline, RowsCursor } from './support.js'

function double(row: Row): Row {
  return { n: (row.n as number) * 2 }
}
function even(row: Row): boolean {
  return (row.n as number) % 2 === 0
}
function copies(row: Row): Row[] {
  return Array.from({ length: (row.n as number) % 3 }, (_, copy) => ({ n: row.n, copy }))
}
function* countdown(row: Row): Generator<Row> {
  for (let n = (row.n as number) % 4; n > 0; n--) yield { n }
}
const functions = { double, even, copies, countdown }
const by = [
  { column: 'k', descending: true },
  { column: 'n', descending: false },
]

function numbers(count: number): Row[] {
  return Array.from({ length: count }, (_, n) => ({ n }))
}

function order(a: Row, b: Row): number {
  return (b.k as number) - (a.k as number) || (a.n as number) - (b.n as number)
}

const ORACLES: { name: string; operators: OperatorPlan[]; oracle: (rows: Row[]) => Row[] }[] = [
  { name: 'map', operators: [call('map', double)], oracle: (rows) => rows.map(double) },
  { name: 'filter', operators: [call('filter', even)], oracle: (rows) => rows.filter(even) },
  { name: 'flatMap of arrays', operators: [call('flatMap', copies)], oracle: (rows) => rows.flatMap(copies) },
  { name: 'flatMap of generators', operators: [call('flatMap', countdown)], oracle: (rows) => rows.flatMap((row) => [...countdown(row)]) },
  { name: 'limit', operators: [{ op: 'limit', rows: 3 }], oracle: (rows) => rows.slice(0, 3) },
  { name: 'sort', operators: [{ op: 'sort', by }], oracle: (rows) => [...rows].sort(order) },
  { name: 'topK', operators: [{ op: 'topK', by, rows: 4 }], oracle: (rows) => [...rows].sort(order).slice(0, 4) },
  {
    name: 'a chain of all',
    operators: [
      call('filter', even),
      call('flatMap', copies),
      call('map', double),
      { op: 'sort', by: [{ column: 'n', descending: true }] },
      { op: 'limit', rows: 5 },
    ],
    oracle: (rows) =>
      rows
        .filter(even)
        .flatMap(copies)
        .map(double)
        .sort((a, b) => (b.n as number) - (a.n as number))
        .slice(0, 5),
  },
]

for (const { name, operators, oracle } of ORACLES) {
  for (const pauses of [false, true]) {
    test(`${name} gives what plain JavaScript gives${pauses ? ', with a PAUSE at every opportunity' : ''}`, async () => {
      const row = fc.record({ n: fc.nat(50), k: fc.nat(5) }, { noNullPrototype: true })
      await fc.assert(
        fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (rows) => {
          const slice = hasty()
          const cursor = await pipeline(operators, new RowsCursor(rows, pauses), { functions, ...(pauses ? { slice } : {}) })
          assert.deepEqual(
            drain(cursor, () => slice.begin()),
            oracle(rows),
          )
          assert.equal(cursor.next(), END)
          assert.equal(cursor.next(), END)
        }),
      )
    })
  }
}

test('a sort of many runs is stable and complete', async () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ k: (n * 7919) % 13, n }))
  const cursor = await pipeline([{ op: 'sort', by: [{ column: 'k', descending: false }] }], new RowsCursor(rows))
  assert.deepEqual(
    drain(cursor),
    [...rows].sort((a, b) => a.k - b.k),
  )
})

test('a limit closes its input with the last row and takes none too many', async () => {
  const input = new RowsCursor(numbers(100))
  const cursor = await pipeline([{ op: 'limit', rows: 2 }], input)
  cursor.next()
  assert.equal(input.closed, 0)
  assert.deepEqual(cursor.next(), { n: 1 })
  assert.equal(input.closed, 1)
  assert.equal(input.taken, 2)
  assert.equal(cursor.next(), END)
})

test('limit 0 and top 0 end at once without taking a row', async () => {
  for (const operator of [{ op: 'limit', rows: 0 } as const, { op: 'topK', by, rows: 0 } as const]) {
    const input = new RowsCursor(numbers(100))
    const cursor = await pipeline([operator], input)
    assert.equal(cursor.next(), END)
    assert.equal(input.taken, 0)
    assert.ok(input.closed > 0)
  }
})

test('an endless generator on one row is pulled one item at a time and closed with its finally', async () => {
  const seen: number[] = []
  let finished = 0
  function* forever(): Generator<Row> {
    try {
      for (let n = 0; ; n++) {
        seen.push(n)
        yield { n }
      }
    } finally {
      finished++
    }
  }
  const input = new RowsCursor(numbers(3))
  const cursor = await pipeline([call('flatMap', forever), { op: 'limit', rows: 4 }], input, { functions: { forever } })
  assert.deepEqual(drain(cursor).length, 4)
  assert.deepEqual(seen, [0, 1, 2, 3])
  assert.equal(finished, 1)
  assert.equal(input.taken, 1)
})

test('close reaches the live generator and the input, once, also when its finally throws', async () => {
  function* sore(): Generator<Row> {
    try {
      yield { n: 1 }
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what a careless stage does
      throw new Error('finally')
    }
  }
  const input = new RowsCursor(numbers(3))
  const cursor = await pipeline([call('flatMap', sore)], input, { functions: { sore } })
  cursor.next()
  assert.throws(() => cursor.close(), { message: 'finally', stage: 'sore' })
  assert.equal(input.closed, 1)
  cursor.close()
  assert.equal(cursor.next(), END)
})

test('a filter that drops all of an endless generator still pauses at the end of the slice', async () => {
  function* forever(): Generator<Row> {
    for (;;) yield { n: 1 }
  }
  let now = 0
  const { Slice } = await import('../../src/base/slice.js')
  const slice = new Slice({ now: () => (now += 0.1) }, 1)
  const cursor = await pipeline([call('flatMap', forever), call('filter', even)], new RowsCursor(numbers(1)), {
    functions: { ...functions, forever },
    slice,
  })
  assert.equal(cursor.next(), PAUSE)
  slice.begin()
  assert.equal(cursor.next(), PAUSE)
})

test('an error of a stage is that very error with stage, file and offset', async () => {
  const failure = new TypeError('bad row')
  function bad(row: Row): Row {
    if (row.n === 2) throw failure
    return row
  }
  for (const op of ['map', 'filter', 'flatMap'] as const) {
    const thrown = new TypeError('bad row')
    function fails(): never {
      throw thrown
    }
    const where = environment({ location: { current: { file: 'a.txt', offset: 17 } } })
    const cursor = await pipeline([call(op, fails)], new RowsCursor(numbers(1)), { functions: { fails }, environment: where })
    assert.throws(
      () => cursor.next(),
      (error) => {
        assert.equal(error, thrown)
        assert.deepEqual({ ...(error as object) }, { stage: 'fails', file: 'a.txt', offset: 17 })
        return true
      },
    )
  }
  const cursor = await pipeline([call('map', bad)], new RowsCursor(numbers(5)), { functions: { bad } })
  assert.throws(
    () => drain(cursor),
    (error) => error === failure && (error as unknown as Row).stage === 'bad' && !('file' in failure),
  )
})

test('an error thrown inside a generator is blamed on its stage', async () => {
  function* late(): Generator<Row> {
    yield { n: 1 }
    throw new RangeError('late')
  }
  const cursor = await pipeline([call('flatMap', late)], new RowsCursor(numbers(2)), { functions: { late } })
  cursor.next()
  assert.throws(() => cursor.next(), { name: 'RangeError', message: 'late', stage: 'late' })
})

test('own properties that the error has already are left alone', async () => {
  function picky(): never {
    throw Object.assign(new Error('x'), { file: 'mine' })
  }
  const where = environment({ location: { current: { file: 'a.txt', offset: 1 } } })
  const cursor = await pipeline([call('map', picky)], new RowsCursor(numbers(1)), { functions: { picky }, environment: where })
  assert.throws(() => cursor.next(), { file: 'mine', offset: 1, stage: 'picky' })
})

for (const [what, value] of [
  ['a string', 'oops'],
  ['undefined', undefined],
  ['a frozen error', Object.freeze(new Error('ice'))],
  ['an object without prototype', Object.create(null)],
] as const) {
  test(`${what} that is thrown becomes the cause of a StageThrew`, async () => {
    function throws(): never {
      throw value
    }
    const cursor = await pipeline([call('map', throws)], new RowsCursor(numbers(1)), { functions: { throws } })
    assert.throws(
      () => cursor.next(),
      (error: Error & Row) => error.code === 'StageThrew' && error.cause === value && error.stage === 'throws',
    )
  })
}

for (const value of [1, 'text', null, undefined, [{ n: 1 }], new Date(), new Map(), new Set(), new Uint8Array(2), true, 5n]) {
  test(`a map that gives ${Object.prototype.toString.call(value)} is an error that names the stage`, async () => {
    function gives(): unknown {
      return value
    }
    const cursor = await pipeline([call('map', gives)], new RowsCursor(numbers(1)), { functions: { gives } })
    assert.throws(() => cursor.next(), { code: 'StageResult', stage: 'gives', message: /"gives" must give a row/ })
  })
}

test('rows may have no prototype, a column named constructor, or come from a class', async () => {
  class Point {
    x = 1
  }
  const bare = Object.assign(Object.create(null), { n: 1 })
  for (const value of [bare, { constructor: 3 }, new Point()]) {
    function gives(): unknown {
      return value
    }
    assert.equal((await pipeline([call('map', gives)], new RowsCursor(numbers(1)), { functions: { gives } })).next(), value)
  }
})

test('a flatMap that gives something else than an iterable of rows is an error', async () => {
  for (const value of [undefined, null, 1, 'text', {}, { length: 1 }, [1], ['a'], new Set([1])]) {
    function gives(): unknown {
      return value
    }
    const cursor = await pipeline([call('flatMap', gives)], new RowsCursor(numbers(1)), { functions: { gives } })
    assert.throws(() => cursor.next(), { code: 'StageResult', stage: 'gives' })
  }
})

test('a promise from any stage is an error by name', async () => {
  function later(): Promise<Row> {
    return Promise.resolve({ n: 1 })
  }
  for (const op of ['map', 'filter', 'flatMap'] as const) {
    const cursor = await pipeline([call(op, later)], new RowsCursor(numbers(1)), { functions: { later } })
    assert.throws(() => cursor.next(), { code: 'StageAsync', stage: 'later' })
  }
})

test('setup runs once before the first row, may be asynchronous, and each stage has its own state', async () => {
  let runs = 0
  async function prepare(ctx: { params: { base: number } }): Promise<{ base: number }> {
    runs++
    return { base: ctx.params.base }
  }
  function add(row: Row, ctx: { state: { base: number } }): Row {
    return { n: (row.n as number) + ctx.state.base }
  }
  const setup = { setup: (call('map', prepare) as { fn: object }).fn }
  const operators = [call('map', add, { params: { base: 10 }, ...setup }), call('map', add, { params: { base: 100 }, ...setup })]
  const cursor = await pipeline(operators, new RowsCursor(numbers(2)), { functions: { add, prepare } })
  assert.equal(runs, 2)
  assert.deepEqual(drain(cursor), [{ n: 110 }, { n: 111 }])
  assert.equal(runs, 2)
})

test('what a setup throws is blamed on its stage', async () => {
  function prepare(): never {
    throw new Error('no dictionary')
  }
  const setup = (call('map', prepare) as { fn: object }).fn
  await assert.rejects(pipeline([call('map', double, { setup })], new RowsCursor([]), { functions: { double, prepare } }), {
    message: 'no dictionary',
    stage: 'double',
  })
})

test('a stage sees its worker, its source, whether it is cancelled, and logs with its place', async () => {
  const records: unknown[] = []
  const location = { current: { file: 'a.txt', offset: 0 } }
  let cancelled = false
  function looks(row: Row, ctx: { source: object; worker: number; cancelled: boolean; log(level: string, object: unknown): void }): Row {
    const { log } = ctx
    log('info', { n: row.n })
    return { source: ctx.source, worker: ctx.worker, cancelled: ctx.cancelled }
  }
  const where = environment({ location, worker: 4, cancelled: () => cancelled, log: (record) => records.push(record) })
  const cursor = await pipeline([call('map', looks)], new RowsCursor(numbers(2)), { functions: { looks }, environment: where })
  assert.deepEqual(cursor.next(), { source: { file: 'a.txt', offset: 0 }, worker: 4, cancelled: false })
  location.current = { file: 'b.txt', offset: 9 }
  cancelled = true
  assert.deepEqual(cursor.next(), { source: { file: 'b.txt', offset: 9 }, worker: 4, cancelled: true })
  assert.deepEqual(records[1], { level: 'info', object: { n: 1 }, worker: 4, stage: 'looks', source: { file: 'b.txt', offset: 9 } })
})

test('sort and top-k over their budget are errors with stage, operator, bytes and cure', async () => {
  for (const [operator, name] of [
    [{ op: 'sort', by } as const, 'stage 3 sort'],
    [{ op: 'topK', by, rows: 1000 } as const, 'stage 3 top 1000'],
  ] as const) {
    const cursor = await pipeline([operator], new RowsCursor(numbers(1000)), { budgetBytes: 5000 })
    assert.throws(() => drain(cursor), {
      code: 'OperatorBudget',
      message: new RegExp(`^${name} keeps about 50\\d\\d bytes, more than its budget of 5000: raise memoryBytes`),
    })
  }
})

test('a top-k of few rows stays in its budget however many it sees', async () => {
  const cursor = await pipeline([{ op: 'topK', by, rows: 3 }], new RowsCursor(numbers(10_000)), { budgetBytes: 1000 })
  assert.equal(drain(cursor).length, 3)
})

test('a value without an order is an error that names the stage', async () => {
  for (const operator of [{ op: 'sort', by } as const, { op: 'topK', by, rows: 5 } as const]) {
    const cursor = await pipeline([operator], new RowsCursor([{ k: {} }, { k: {} }]))
    assert.throws(() => drain(cursor), { code: 'ColumnType', message: /^stage 3 (sort|top 5): / })
  }
})
