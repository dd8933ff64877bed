import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Flow } from '../../src/flow/flow-builder.js'
import type { StagePlan } from '../../src/flow/plan.js'
import { planFlows } from '../../src/flow/plan-flows.js'
import type { FlowParts } from '../../src/flow/step.js'
import { type Ctx, desc, flow, rows as given, jsonl } from '../../src/flow.js'

type Row = { word: string; n: number }

function shout(row: Row): Row {
  return { ...row, word: row.word.toUpperCase() }
}

function marked(row: Row, ctx: Ctx<{ mark: string }>): Row {
  return { ...row, word: `${ctx.params.mark}${row.word}` }
}

function isEven({ n }: Row): boolean {
  return n % 2 === 0
}

const start = flow('file:///stages.js')
const read = () => start.read(jsonl<Row>('a.jsonl'))
const shouted = read().map(shout)

function planned(flows: readonly unknown[]): readonly StagePlan[] {
  return planFlows(flows.map((each) => Flow.partsOf(each) as FlowParts)).stages
}

/** Each stage in a line: what it reads, does and sends. */
function shapeOf(flows: readonly unknown[]): string[] {
  return planned(flows).map(({ on, input, operators, output }) => {
    const from = input.kind === 'exchange' ? input.stages.join('+') : input.kind === 'fork' ? `fork ${input.stage}` : input.kind
    const ops = operators.map((o) => ('rows' in o ? `${o.op} ${o.rows}` : o.op))
    const flowOf = 'flow' in output ? ` as ${output.flow}` : ''
    const limit = 'limit' in output ? ` limit ${output.limit}` : ''
    return `${on}: ${[from, ...ops].join(', ')} > ${output.exchange} ${[output.to].flat().join('+')}${flowOf}${limit}`
  })
}

test('flows share their steps up to where they part, and each stage that sends knows to whom', () => {
  assert.deepEqual(shapeOf([shouted.groupBy('word', (a) => ({ n: a.count() })), shouted.filter(isEven), shouted]), [
    'all: jsonl, map > fork 1+3+4',
    'all: fork 0, groupPartial > hash 2',
    'all: 1, groupFinal > gather leader as 0',
    'all: fork 0, filter > gather leader as 1',
    'all: fork 0 > gather leader as 2',
  ])
})

test('two that were built apart are as much alike as two from one builder', () => {
  const twice = () => read().map(marked, { params: { mark: 'a' } })
  assert.deepEqual(shapeOf([twice().filter(isEven), twice()]), shapeOf([shouted.filter(isEven), shouted]))
  assert.deepEqual(shapeOf([twice(), read().map(marked, { params: { mark: 'b' } })]), [
    'all: jsonl > fork 1+2',
    'all: fork 0, map > gather leader as 0',
    'all: fork 0, map > gather leader as 1',
  ])
})

test('they share exchanges and joins, and part again behind them; the right side of a join is only shared with the join', () => {
  const right = start.read(jsonl<{ word: string; rank: number }>('b.jsonl'))
  const joined = shouted.join(right, { on: 'word', exchange: 'hash' }).groupBy('word', (a) => ({ n: a.count() }))
  assert.deepEqual(shapeOf([joined, joined.filter(isEven), right, joined.distinct(), joined.filter(isEven).map(shout)]), [
    'all: jsonl > hash 2',
    'all: jsonl, map > hash 2',
    'all: 1, join, groupPartial > hash 3',
    'all: 2, groupFinal > fork 4+5+8',
    'all: fork 3 > gather leader as 0',
    'all: fork 3, filter > fork 6+7',
    'all: fork 5 > gather leader as 1',
    'all: fork 5, map > gather leader as 4',
    'all: fork 3, distinctPartial > hash 9',
    'all: 8, distinctFinal > gather leader as 3',
    'all: jsonl > gather leader as 2',
  ])
})

test('what a limit keeps is the same for all that are behind it', () => {
  assert.deepEqual(shapeOf([shouted.limit(5), shouted.limit(5).map(shout), shouted.limit(6)]), [
    'all: jsonl, map > fork 1+5',
    'all: fork 0, limit 5 > gather 2',
    'one: 1, limit 5 > fork 3+4',
    'one: fork 2 > gather leader as 0',
    'one: fork 2, map > gather leader as 1',
    'all: fork 0, limit 6 > gather leader as 2 limit 6',
  ])
})

test('an order is made once for all that see it; who sees none goes on without, and who wants its first rows only keeps no more', () => {
  const ordered = shouted.sort(desc('n'))
  assert.deepEqual(shapeOf([ordered, ordered.map(shout), ordered.limit(3)]), [
    'all: jsonl, map, sort > merge 1',
    'one: 0 > fork 2+3+4',
    'one: fork 1 > gather leader as 0',
    'one: fork 1, map > gather leader as 1',
    'one: fork 1, limit 3 > gather leader as 2',
  ])
  assert.deepEqual(shapeOf([ordered.limit(3), ordered.limit(4), ordered.groupBy('word')]), [
    'all: jsonl, map > fork 1+3+5',
    'all: fork 0, topK 3 > merge 2',
    'one: 1, limit 3 > gather leader as 0',
    'all: fork 0, topK 4 > merge 4',
    'one: 3, limit 4 > gather leader as 1',
    'all: fork 0, groupPartial > hash 6',
    'all: 5, groupFinal > gather leader as 2',
  ])
  assert.deepEqual(shapeOf([ordered, ordered.groupBy('word'), ordered.limit(3)]), [
    'all: jsonl, map > fork 1+5',
    'all: fork 0, sort > merge 2',
    'one: 1 > fork 3+4',
    'one: fork 2 > gather leader as 0',
    'one: fork 2, limit 3 > gather leader as 2',
    'all: fork 0, groupPartial > hash 6',
    'all: 5, groupFinal > gather leader as 1',
  ])
})

test('with retries they share what is gone over again, or nothing', () => {
  const again = () => start.read(jsonl<Row>('a.jsonl'), { retries: 2 })
  assert.deepEqual(shapeOf([again().map(shout).distinct(), again().map(shout).limit(1)]), [
    'all: jsonl, map > fork 1+3',
    'all: fork 0, distinctPartial > hash 2',
    'all: 1, distinctFinal > gather leader as 0',
    'all: fork 0, limit 1 > gather leader as 1 limit 1',
  ])
  assert.deepEqual(shapeOf([again().map(shout).distinct(), again().map(shout).filter(isEven)]), [
    'all: jsonl, map, distinctPartial > hash 1',
    'all: 0, distinctFinal > gather leader as 0',
    'all: jsonl, map, filter > gather leader as 1',
  ])
})

test('rows of the run are read once by all', () => {
  const events = () => start.read(given<Row>('events'))
  assert.deepEqual(shapeOf([events(), events()]), [
    'all: rows > fork 1+2',
    'all: fork 0 > gather leader as 0',
    'all: fork 0 > gather leader as 1',
  ])
})

test('any flows: each stage is read by those that it sends to, each flow reaches the leader once, and nothing on the right of a join is behind a fork', () => {
  type Any = Flow<Row>
  const other = start.read(jsonl<Row>('b.jsonl'))
  const step = fc.constantFrom<(job: Any) => Any>(
    (job) => job.map(shout),
    (job) => job.filter(isEven),
    (job) => job.sort('n'),
    (job) => job.limit(3),
    (job) => job.groupBy('word', (a) => ({ n: a.count() })),
    (job) => job.distinct(),
    (job) => job.exchange.gather(),
    (job) => job.union(other),
    (job) => job.union(other.map(shout)),
    (job) => job.join(other, { on: 'word', kind: 'semi', exchange: 'hash' }),
  )
  const flows = fc.array(fc.array(step, { maxLength: 5 }), { minLength: 1, maxLength: 5 })
  const property = fc.property(flows, (all) => {
    const stages = planned(all.map((steps) => steps.reduce((job, each) => each(job), read() as Any)))
    const reads = stages.flatMap(({ id, input, operators }) => [
      ...(input.kind === 'exchange' ? input.stages : input.kind === 'fork' ? [input.stage] : []).map((from) => `${from}>${id}`),
      ...operators.flatMap((operator) => (operator.op === 'join' ? [`${operator.right}>${id}`] : [])),
    ])
    const sends = stages.flatMap(({ id, output }) => [output.to].flat().map((to) => `${id}>${to}`))
    assert.deepEqual(reads.sort(), sends.filter((each) => !each.endsWith('leader')).sort())
    const toLeader = stages.flatMap(({ output }) => ('flow' in output ? [output.flow as number] : []))
    assert.deepEqual(toLeader.sort(), [...all.keys()])
    const isBehindFork = (id: number): boolean => {
      const { input } = stages[id]
      return input.kind === 'fork' || (input.kind === 'exchange' && input.stages.some(isBehindFork))
    }
    for (const { operators } of stages)
      for (const operator of operators) if (operator.op === 'join') assert.ok(!isBehindFork(operator.right))
    const onlyOnce = stages.filter(({ input }) => input.kind === 'jsonl' && input.patterns[0] === 'a.jsonl')
    assert.equal(onlyOnce.length, 1)
  })
  fc.assert(property, { numRuns: 300 })
})
