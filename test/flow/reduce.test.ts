import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { Spill } from '../../src/exchange/spill.js'
import { createSpillFolder } from '../../src/exchange/spill-folder.js'
import type { OperatorPlan } from '../../src/flow/plan.js'
import { describeReducer } from '../../src/flow/reducer.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { drain, hasty, pipeline, RowsCursor } from './support.js'

const folder = useOwnTemporaryFolder()

/** All values of a key, each with how often it came: a state that is changed in place. */
const histogram = {
  init: (): Map<number, number> => new Map(),
  step(counts: Map<number, number>, row: Row): void {
    counts.set(row.v as number, (counts.get(row.v as number) ?? 0) + 1)
  },
  merge(a: Map<number, number>, b: Map<number, number>): void {
    for (const [value, count] of b) a.set(value, (a.get(value) ?? 0) + count)
  },
  finish: (counts: Map<number, number>, key: Row): Row => ({ text: `${key.k}: ${[...counts].sort((a, b) => a[0] - b[0]).join(' ')}` }),
}
/** One whose states are replaced, and may be 0. */
const total = {
  init: () => 0,
  step: (sum: number, row: Row) => sum + (row.v as number),
  merge: (a: number, b: number) => a + b,
  finish: (sum: number) => ({ sum }),
}
const keeping = {
  ...total,
  init: (): Row[] => [],
  step: (rows: Row[], row: Row) => void rows.push(row),
  merge: (a: Row[], b: Row[]) => [...a, ...b],
  finish: (rows: Row[]) => ({ vs: rows.map(({ v }) => v) }),
}
const failing = {
  ...total,
  step: (sum: number, row: Row) => {
    if (row.v === 3) throw new RangeError('three')
    return sum
  },
}
const clashing = { ...total, finish: (sum: number) => ({ k: sum }) }
const scalar = { ...total, finish: (sum: number) => sum }
const uncloneable = { ...total, init: () => ({ f: () => 1 }), step: () => undefined }
const functions = { histogram, total, keeping, failing, clashing, scalar, uncloneable }

const reduce = (op: 'reducePartial' | 'reduceFinal', reducer: unknown): OperatorPlan => ({
  op,
  keys: ['k'],
  fn: describeReducer(reducer, 'here'),
})

async function reduced(rows: readonly Row[], reducer: unknown, shares: number, budgetBytes: number): Promise<Row[]> {
  const sent: Row[] = []
  for (let share = 0; share < shares; share++) {
    const slice = hasty()
    const own = rows.filter((_row, index) => index % shares === share)
    const cursor = await pipeline([reduce('reducePartial', reducer)], new RowsCursor(own, true), { functions, slice, budgetBytes })
    sent.push(...drain(cursor, () => slice.begin()))
  }
  const spill = new Spill(createSpillFolder(folder), 1e9)
  const slice = hasty()
  const cursor = await pipeline([reduce('reduceFinal', reducer)], new RowsCursor(sent, true), { functions, slice, budgetBytes, spill })
  const result = drain(cursor, () => slice.begin())
  cursor.close()
  assert.equal(spill.openFiles, 0)
  return result
}

const byKey = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => Number(a.k ?? 99) - Number(b.k ?? 99))

test('a reducer sees every row of its key once, whatever was put together where', async () => {
  const someRows = fc.array(fc.record({ k: fc.option(fc.nat(3)), v: fc.nat(5) }), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(someRows, fc.integer({ min: 1, max: 3 }), fc.constantFrom(1, 1e9), async (rows, shares, budgetBytes) => {
      const keys = [...new Set(rows.map(({ k }) => k))]
      const expected = (reducer: typeof total | typeof histogram) =>
        keys.map((k) => {
          const state = { current: reducer.init() as never }
          for (const row of rows)
            if (row.k === k)
              state.current = ((reducer.step as (...args: unknown[]) => unknown)(state.current, row) ?? state.current) as never
          return { k, ...reducer.finish(state.current, { k }) }
        })
      for (const reducer of [total, histogram]) {
        assert.deepEqual(byKey(await reduced(rows, reducer, shares, budgetBytes)), byKey(expected(reducer)))
      }
    }),
    { numRuns: 60 },
  )
})

test('rows that a state keeps are its own', async () => {
  const row = { k: 1, v: 1 }
  const again = Array.from({ length: 3 }, (_none, v) => Object.assign(row, { v }))
  const shared = {
    *[Symbol.iterator](): Generator<Row> {
      for (const v of [1, 2, 3]) yield Object.assign(row, { v })
    },
  }
  assert.equal(again.length, 3)
  const cursor = await pipeline([reduce('reducePartial', keeping), reduce('reduceFinal', keeping)], new RowsCursor(shared), { functions })
  assert.deepEqual(drain(cursor), [{ k: 1, vs: [1, 2, 3] }])
})

test('states that grow go to disk', async () => {
  const rows = Array.from({ length: 20_000 }, (_none, v) => ({ k: v % 100, v }))
  const result = byKey(await reduced(rows, histogram, 2, 1))
  assert.equal(result.length, 100)
  assert.ok(result.every(({ k, text }) => (text as string).split(' ').length === 201 && (text as string).startsWith(`${k}: `)))
})

test('what goes wrong in a reducer names it', async () => {
  const rows = [1, 2, 3].map((v) => ({ k: 1, v }))
  for (const [reducer, expected] of [
    [failing, { message: 'three', stage: 'failing' }],
    [clashing, { code: 'ColumnClash', stage: 'clashing', message: /finish gives a column "k"/ }],
    [scalar, { code: 'StageResult', stage: 'scalar' }],
    [uncloneable, { code: 'NotCloneable', stage: 'uncloneable' }],
  ] as const) {
    const cursor = await pipeline([reduce('reducePartial', reducer), reduce('reduceFinal', reducer)], new RowsCursor(rows), { functions })
    assert.throws(() => drain(cursor), expected)
  }
})

test('a reducer is found by its text, under any name, or it is said what is wrong', async () => {
  const open = (reducer: unknown, exported: Record<string, unknown>) =>
    pipeline([reduce('reduceFinal', reducer)], new RowsCursor([]), { functions: exported })
  await open(total, { other: total, again: total, text: 'x' })
  await assert.rejects(open(total, { histogram }), { code: 'StageNotExported' })
  await assert.rejects(open(total, { one: { ...total }, two: { ...total } }), {
    code: 'StageNotExported',
    message: /one, two have the same text/,
  })
  for (const wrong of [null, 'total', { ...total, merge: undefined }, () => 1]) {
    assert.throws(() => describeReducer(wrong, 'operator 1 (reduceBy)'), { code: 'InvalidArgument', message: /init, step, merge, finish/ })
  }
  assert.throws(() => describeReducer({ ...total, step: async () => 1 }, 'here'), { code: 'StageAsync' })
})

test('a state may be anything that can be cloned: also bytes, nothing, a class of its own', async () => {
  const states = [
    undefined,
    null,
    0n,
    '',
    'x'.repeat(5000),
    new Uint8Array(3),
    new Uint8Array(10_000).fill(7),
    new Date(5),
    [1, [2]],
    new Map([[{ a: 1 }, new Set([2])]]),
  ]
  for (const state of states) {
    const odd = {
      init: () => state,
      step: () => state,
      merge: (a: unknown) => a,
      finish: (last: unknown) => ({ last: inspect(last), keeps: true }),
    }
    const operators = (op: 'reducePartial' | 'reduceFinal'): OperatorPlan[] => [{ op, keys: ['k'], fn: describeReducer(odd, 'here') }]
    const rows = [1, 2, 1].map((k) => ({ k }))
    const sent = drain(await pipeline(operators('reducePartial'), new RowsCursor(rows), { functions: { odd } }))
    const result = byKey(drain(await pipeline(operators('reduceFinal'), new RowsCursor([...sent, ...sent]), { functions: { odd } })))
    assert.deepEqual(
      result,
      [1, 2].map((k) => ({ k, last: inspect(state), keeps: true })),
      inspect(state),
    )
  }
})
