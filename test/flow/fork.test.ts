import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { Fork, type ForkBranch } from '../../src/flow/fork.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { type RowInput, StageInputs } from '../../src/flow/row-input.js'
import { hasty, RowsCursor } from './support.js'

/** A promise that is told when to resolve. */
function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

function* count(rows: number, row: (id: number) => Row = (id) => ({ id })): Generator<Row> {
  for (let id = 0; id < rows; id++) yield row(id)
}

/** A stage over rows given by hand, that forks; `location` counts as the rows do. */
function forked(rows: Iterable<Row>, branches: number, { pauses = false, ready = () => Promise.resolve() } = {}) {
  const cursor = new RowsCursor(rows, pauses)
  const input: RowInput = { next: () => cursor.next(), ready, close: () => cursor.close() }
  const controller = new AbortController()
  const location = {
    get current() {
      return { file: 'a', offset: cursor.taken }
    },
    get splitId() {
      return `a ${cursor.taken}`
    },
  }
  const to = Array.from({ length: branches }, (_none, index) => index + 1)
  const fork = new Fork({ pipeline: input, inputs: new StageInputs(input), slice: hasty(), location, controller }, to)
  return { cursor, controller, fork, branches: to.map((stage) => fork.branchOf(stage)) }
}

/** Takes until there is a pause, or the end. */
function take(branch: ForkBranch, most = Number.POSITIVE_INFINITY): { rows: Row[]; last: unknown } {
  const rows: Row[] = []
  while (rows.length < most) {
    const row = branch.next()
    if (typeof row === 'symbol') return { rows, last: row }
    rows.push(row)
  }
  return { rows, last: undefined }
}

test('every branch gets all rows in order with where they came from, whoever takes when, and those that leave take nothing', () => {
  const turn = fc.record({ branch: fc.nat(2), rows: fc.integer({ min: 1, max: 20 }), leaves: fc.nat(40).map((n) => n === 0) })
  const property = fc.property(fc.array(turn, { maxLength: 60 }), fc.nat(80), fc.boolean(), (turns, rows, pauses) => {
    const { branches, cursor } = forked(count(rows), 3, { pauses })
    const seen = branches.map((): unknown[] => [])
    const left = new Set<ForkBranch>()
    const step = (index: number, most: number): unknown => {
      for (let taken = 0; taken < most; taken++) {
        const row = branches[index].next()
        if (typeof row === 'symbol') return row
        seen[index].push([row, branches[index].current?.offset, branches[index].splitId])
      }
      return undefined
    }
    for (const { branch, rows: most, leaves } of turns) {
      step(branch, most)
      if (!leaves || left.size === 2) continue
      branches[branch].close()
      left.add(branches[branch])
    }
    const stay = branches.flatMap((branch, index) => (left.has(branch) ? [] : [index]))
    for (const index of stay) while (step(index, 1) !== END);
    const all = [...count(rows)].map((row, index) => [row, index + 1, `a ${index + 1}`])
    for (const index of stay) assert.deepEqual(seen[index], all)
    for (const each of seen) assert.deepEqual(each, all.slice(0, each.length))
    assert.equal(cursor.taken, rows)
  })
  fc.assert(property, { numRuns: 300 })
})

test('a branch that takes nothing holds back the others, until half of what waits for it is taken', async () => {
  const { branches, cursor } = forked(count(20_000), 2)
  const [fast, slow] = branches
  assert.equal(fast.waitsFor, undefined)
  assert.deepEqual([take(fast).rows.length, take(fast).last, cursor.taken], [4096, PAUSE, 4096])
  assert.equal(fast.waitsFor, 'stage 2 to take the rows that both get')
  let isReady = false
  const ready = fast.ready().then(() => {
    isReady = true
  })
  take(slow, 2047)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([isReady, take(fast).rows.length], [false, 0])
  take(slow, 1)
  await ready
  assert.equal(take(fast).rows.length, 2048)
})

test('rows that are large hold it back sooner', () => {
  const [fast, slow] = forked(
    count(200, () => ({ text: 'x'.repeat(100_000) })),
    2,
  ).branches
  assert.equal(take(fast).rows.length, 11)
  take(slow, 11)
  assert.equal(take(slow).rows.length, 11)
})

test('a branch that is closed holds nobody back, and the last one closes the stage', () => {
  const { branches, cursor, controller } = forked(count(20_000), 3)
  assert.equal(take(branches[0]).rows.length, 4096)
  branches[1].close()
  assert.equal(take(branches[0]).rows.length, 0)
  branches[2].close()
  assert.equal(take(branches[0], 9000).rows.length, 9000)
  assert.deepEqual([cursor.closed, controller.signal.aborted], [0, false])
  branches[0].close()
  branches[0].close()
  assert.deepEqual([cursor.closed, controller.signal.aborted, branches[0].next()], [1, true, END])
})

test('it is cancelled when nobody who reads it wants more', () => {
  const { fork, branches } = forked(count(3), 2)
  const reader = { isCancelled: false }
  branches[0].reader = reader
  branches[1].close()
  assert.equal(fork.isCancelled, false)
  reader.isCancelled = true
  assert.equal(fork.isCancelled, true)
})

test('an error comes to each branch behind the rows before it', () => {
  const { branches } = forked(
    count(10, (id) => {
      if (id === 5) throw new Error('the fifth')
      return { id }
    }),
    2,
  )
  assert.throws(() => take(branches[0]), /the fifth/)
  assert.equal(take(branches[1], 5).rows.length, 5)
  for (const branch of branches) assert.throws(() => branch.next(), /the fifth/)
})

test('the rows of branches have nothing in common', () => {
  const { branches } = forked(
    count(2, (id) => ({ id, tags: [id] })),
    2,
  )
  for (const branch of branches) {
    for (const row of take(branch).rows as { id: number; tags: number[] }[]) {
      assert.deepEqual(row.tags, [row.id])
      row.tags.push(-1)
      row.id = -1
    }
  }
})

test('who waits is told of rows that another took, of the end, and of what comes in', async () => {
  const input = later()
  let asked = 0
  const { branches } = forked(count(1), 2, {
    pauses: true,
    ready: () => {
      asked++
      return input.promise
    },
  })
  const [a, b] = branches
  assert.deepEqual([take(a).last, b.next()], [PAUSE, { id: 0 }])
  await a.ready()
  assert.deepEqual(take(a), { rows: [{ id: 0 }], last: PAUSE })
  const both = Promise.all([a.ready(), b.ready()])
  assert.equal(asked, 1)
  input.resolve()
  await both
  const waits = b.ready()
  assert.equal(take(a).last, END)
  await waits
  assert.equal(b.next(), END)
})

test('who waits is told of a row that another took, and of a branch that holds back nobody any more, while nothing comes in', async () => {
  const { branches } = forked(count(10_000), 2, { pauses: true, ready: () => new Promise(() => {}) })
  const [a, b] = branches
  assert.equal(a.next(), PAUSE)
  const row = a.ready()
  assert.deepEqual(b.next(), { id: 0 })
  await row
  for (let taken = 0; taken < 2 * 4096; taken++) b.next()
  take(a, 1)
  const open = b.ready()
  a.close()
  await open
})
