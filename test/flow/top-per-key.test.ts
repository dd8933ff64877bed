import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { Spill } from '../../src/exchange/spill.js'
import { createSpillFolder } from '../../src/exchange/spill-folder.js'
import type { OperatorPlan } from '../../src/flow/plan.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { drain, hasty, pipeline, RowsCursor } from './support.js'

const by = [{ column: 'v', descending: true }]
const top = (op: 'topPerKeyPartial' | 'topPerKeyFinal', rows: number): OperatorPlan => ({ op, keys: ['a', 'b'], by, rows, stable: true })

const someRows = fc
  .array(fc.record({ a: fc.option(fc.nat(2)), b: fc.constantFrom('x', 'y'), v: fc.option(fc.nat(9)) }), { maxLength: 60 })
  .map((rows) => rows.map((row, id) => ({ ...row, id })))

function oracle(rows: readonly Row[], count: number): Row[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(`${row.a}${row.b}`, [...(groups.get(`${row.a}${row.b}`) ?? []), row])
  const rank = (row: Row) => (row.v === null ? 1e9 : -(row.v as number))
  return [...groups.values()].flatMap((group) => group.sort((a, b) => rank(a) - rank(b) || Number(a.id) - Number(b.id)).slice(0, count))
}

const sorted = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => Number(a.id) - Number(b.id))

const folder = useOwnTemporaryFolder()

test('keeps the first rows of each key, nulls last, ties by all columns', async () => {
  await fc.assert(
    fc.asyncProperty(someRows, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (rows, count, pauses) => {
      const cursor = await pipeline([top('topPerKeyFinal', count)], new RowsCursor(rows, pauses), { slice: hasty() })
      assert.deepEqual(sorted(drain(cursor)), sorted(oracle(rows, count)))
    }),
    { numRuns: 200 },
  )
})

test('both halves with hardly any memory: the first hands on early, the second sorts on disk', async () => {
  await fc.assert(
    fc.asyncProperty(someRows, fc.integer({ min: 1, max: 4 }), async (rows, count) => {
      const spill = new Spill(createSpillFolder(folder), 1e9)
      const operators = [top('topPerKeyPartial', count), top('topPerKeyFinal', count)]
      const cursor = await pipeline(operators, new RowsCursor(rows, true), { budgetBytes: 2000, spill, slice: hasty() })
      assert.deepEqual(sorted(drain(cursor)), sorted(oracle(rows, count)))
      cursor.close()
      assert.equal(spill.openFiles, 0)
    }),
    { numRuns: 100 },
  )
})

test('without the disk too much is an error', async () => {
  const rows = Array.from({ length: 1000 }, (_none, id) => ({ a: id, b: 'x', v: 1, id }))
  const cursor = await pipeline([top('topPerKeyFinal', 1)], new RowsCursor(rows), { budgetBytes: 2000 })
  assert.throws(() => drain(cursor), { code: 'OperatorBudget' })
})
