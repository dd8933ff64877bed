import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flow } from '../../src/flow/flow-builder.js'
import { maySendInt32 } from '../../src/flow/operators/int32-behind.js'
import { planFlows } from '../../src/flow/plan-flows.js'
import type { FlowParts } from '../../src/flow/step.js'
import { arrow, csv, flow, jsonl, parquet, to } from '../../src/flow.js'
import type { AnyFlow } from '../flow-run/oracle.js'
import { isEven, same } from '../flow-run/stages/basic.js'

type Row = { id: number }

const start = flow('file:///nowhere/stages.js')
const ints = (): Flow<Row> => start.read(parquet<Row>('a.parquet'))
const json = (): Flow<Row> => start.read(jsonl<Row>('a.jsonl'))

const cases: [string, AnyFlow, boolean][] = [
  ['a Parquet file', ints(), true],
  ['an Arrow file', start.read(arrow('a.arrow')), true],
  ['JSON', json(), false],
  ['CSV', start.read(csv('a.csv')), false],
  ['CSV that is declared', start.read(csv('a.csv', { columns: { id: 'int32', x: 'utf8' } })), true],
  ['columns that are declared otherwise', start.read(parquet('a.parquet', { columns: { id: 'float64' } })), false],
  ['a filter', ints().filter(isEven), true],
  ['a map', ints().map(same), false],
  ['groups', ints().groupBy('id', (a) => ({ n: a.count() })), true],
  ['a sink', ints().write(to.jsonl('out/')), false],
  ['a union of files', ints().union(ints()).sort('id'), true],
  ['a union with JSON', ints().union(json()).sort('id'), false],
  ['a union with JSON, in front', json().union(ints()).sort('id'), false],
  [
    'a union with a map',
    ints()
      .union(ints().map(same) as unknown as Flow<Row>)
      .sort('id'),
    false,
  ],
  ['a join of JSON with a file', json().join(ints(), { on: 'id' }), true],
  ['a join of JSON with JSON', json().join(json(), { on: 'id' }), false],
]

for (const [name, job, expected] of cases) {
  test(`rows behind ${name} ${expected ? 'may' : 'cannot'} have columns of int32`, async () => {
    const plan = await job.plan()
    assert.equal(maySendInt32(plan, plan.stages.length - 1), expected)
  })
}

test('rows that several flows get have the columns that they had before', () => {
  for (const [job, expected] of [
    [ints(), true],
    [json(), false],
  ] as const) {
    const plan = planFlows([job.filter(isEven), job].map((each) => Flow.partsOf(each) as FlowParts))
    for (const { id } of plan.stages) assert.equal(maySendInt32(plan, id), expected)
  }
})
