import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asc, desc, flow, jsonl, lines, parquet } from '../../src/flow.js'
import { half, loadRanks, long, ranked, shout, words } from './stages.js'

const URL_OF = 'file:///stages.js'

function base() {
  return flow(URL_OF)
    .read(lines('docs/**/*.md'))
    .flatMap(words, { params: { min: 3 } })
}

const READ = { kind: 'lines', patterns: ['docs/**/*.md'], allowEmpty: false }
const COUNT = [{ as: 'n', fn: 'count' }]

async function opsOf(job: {
  plan(): Promise<{ stages: readonly { on: string; operators: readonly { op: string; rows?: number }[]; output: object }[] }>
}) {
  const { stages } = await job.plan()
  return stages.map(({ on, operators, output }) => [
    on,
    operators.map((o) => (o.rows === undefined ? o.op : `${o.op} ${o.rows}`)).join(', '),
    output,
  ])
}

test('a groupBy with sort and limit is three stages: partial, final with top-k, and the merge on one worker', async () => {
  const plan = await base()
    .groupBy('word', (a) => ({ n: a.count() }))
    .sort(desc('n'), asc('word'))
    .limit(10)
    .plan()
  const order = [
    { column: 'n', descending: true },
    { column: 'word', descending: false },
  ]
  const fn = plan.stages[0].operators[0]
  assert.ok('fn' in fn && typeof fn.fn === 'object' && /^[0-9a-f]{16}$/.test(fn.fn.hash))
  assert.deepEqual(plan, {
    version: 1,
    module: URL_OF,
    stages: [
      {
        id: 0,
        on: 'all',
        input: READ,
        operators: [
          { op: 'flatMap', fn: { name: 'words', hash: fn.fn.hash }, params: { min: 3 } },
          { op: 'groupPartial', keys: ['word'], aggregates: COUNT },
        ],
        output: { exchange: 'hash', keys: ['word'], to: 1 },
      },
      {
        id: 1,
        on: 'all',
        input: { kind: 'exchange', stages: [0] },
        operators: [
          { op: 'groupFinal', keys: ['word'], aggregates: COUNT },
          { op: 'topK', by: order, rows: 10 },
        ],
        output: { exchange: 'merge', by: order, to: 2 },
      },
      {
        id: 2,
        on: 'one',
        input: { kind: 'exchange', stages: [1], merge: { by: order } },
        operators: [{ op: 'limit', rows: 10 }],
        output: { exchange: 'gather', to: 'leader' },
      },
    ],
  })
})

test('a plan is JSON: it survives being written and read', async () => {
  const plan = await base().filter(long).map(shout).sort('word').plan()
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan)
})

test('a sort without limit sorts in each worker and merges on one', async () => {
  const by = [{ column: 'word', descending: false }]
  assert.deepEqual(await opsOf(base().sort('word')), [
    ['all', 'flatMap, sort', { exchange: 'merge', by, to: 1 }],
    ['one', '', { exchange: 'gather', to: 'leader' }],
  ])
})

test('a last limit without sort is applied in each worker and trimmed at the leader', async () => {
  assert.deepEqual(await opsOf(base().limit(5)), [['all', 'flatMap, limit 5', { exchange: 'gather', to: 'leader', limit: 5 }]])
})

test('a limit in the middle brings the rows to one worker, where the rest happens without exchanges', async () => {
  assert.deepEqual(await opsOf(base().limit(5).map(shout).sort('word').limit(2)), [
    ['all', 'flatMap, limit 5', { exchange: 'gather', to: 1 }],
    ['one', 'limit 5, map, topK 2', { exchange: 'gather', to: 'leader' }],
  ])
})

test('limits in a row are the smallest of them', async () => {
  assert.deepEqual(await opsOf(base().limit(5).limit(3).limit(9)), [
    ['all', 'flatMap, limit 3', { exchange: 'gather', to: 'leader', limit: 3 }],
  ])
})

test('what follows a sort keeps its order on the one worker', async () => {
  const by = [{ column: 'word', descending: false }]
  assert.deepEqual(await opsOf(base().sort('word').map(shout).limit(4)), [
    ['all', 'flatMap, sort', { exchange: 'merge', by, to: 1 }],
    ['one', 'map, limit 4', { exchange: 'gather', to: 'leader' }],
  ])
})

test('a sort whose order nobody sees is left out', async () => {
  const expected = await opsOf(base().groupBy('word'))
  assert.deepEqual(await opsOf(base().sort('size').groupBy('word')), expected)
  assert.deepEqual(await opsOf(base().sort('size').sort('word')), await opsOf(base().sort('word')))
})

test('a sort and limit before a groupBy is kept, and the groupBy needs no exchange on the one worker', async () => {
  const by = [{ column: 'size', descending: true }]
  assert.deepEqual(await opsOf(base().sort(desc('size')).limit(9).groupBy('word')), [
    ['all', 'flatMap, topK 9', { exchange: 'merge', by, to: 1 }],
    ['one', 'limit 9, groupPartial, groupFinal', { exchange: 'gather', to: 'leader' }],
  ])
})

test('an explicit hash exchange spreads rows over all workers again', async () => {
  assert.deepEqual(await opsOf(base().limit(5).exchange.hash('word').map(shout)), [
    ['all', 'flatMap, limit 5', { exchange: 'gather', to: 1 }],
    ['one', 'limit 5', { exchange: 'hash', keys: ['word'], to: 2 }],
    ['all', 'map', { exchange: 'gather', to: 'leader' }],
  ])
})

test('builders are immutable: two flows from one share nothing', async () => {
  const shared = base()
  const limited = shared.limit(1)
  assert.equal((await opsOf(shared)).length, 1)
  assert.deepEqual((await opsOf(shared))[0][2], { exchange: 'gather', to: 'leader' })
  assert.deepEqual((await opsOf(limited))[0][2], { exchange: 'gather', to: 'leader', limit: 1 })
})

test('sources are written into the plan as they were given', async () => {
  const columns = { delay: 'float64', note: 'utf8?' } as const
  const flights = await flow(URL_OF)
    .read(parquet(['a.parquet', 'b/*.parquet'], { columns, allowEmpty: true }))
    .plan()
  assert.deepEqual(flights.stages[0].input, {
    kind: 'parquet',
    patterns: ['a.parquet', 'b/*.parquet'],
    allowEmpty: true,
    columns: [
      { column: 'delay', type: 'float64', nullable: false },
      { column: 'note', type: 'utf8', nullable: true },
    ],
  })
  const numbers = await flow(URL_OF).read(jsonl<{ n: number }>('n.jsonl')).map(half).plan()
  assert.deepEqual(numbers.stages[0].input, { kind: 'jsonl', patterns: ['n.jsonl'], allowEmpty: false })
})

test('a setup function is in the plan by name and hash', async () => {
  const plan = await flow(URL_OF).read(jsonl<{ word: string }>('w.jsonl')).map(ranked, { setup: loadRanks }).plan()
  const [operator] = plan.stages[0].operators
  assert.ok('setup' in operator && operator.setup?.name === 'loadRanks')
})

const REFUSED: [string, () => unknown, RegExp, string][] = [
  ['an inline arrow', () => base().filter((row) => row.size > 1), /operator 2 \(filter\).*no name.*export/, 'StageAnonymous'],
  ['a bound function', () => base().map(shout.bind(null)), /operator 2 \(map\): bound shout is a bound or native/, 'StageAnonymous'],
  [
    'no function',
    () => base().map(undefined as never),
    /operator 2 \(map\): expected an exported function, got undefined/,
    'InvalidArgument',
  ],
  ['a limit below zero', () => base().limit(-1), /operator 2 \(limit\)/, 'InvalidArgument'],
  ['a fractional limit', () => base().limit(1.5), /number of rows/, 'InvalidArgument'],
  ['a groupBy without keys', () => base().groupBy([]), /name at least one column/, 'InvalidArgument'],
  ['a key named twice', () => base().groupBy(['word', 'word']), /named twice/, 'InvalidArgument'],
  ['a sort without keys', () => base().sort(), /operator 2 \(sort\): name at least one/, 'InvalidArgument'],
  [
    'a result named like a key',
    () => base().groupBy('word', (a) => ({ word: a.count() })),
    /"word" has the name of a key/,
    'InvalidArgument',
  ],
  ['a result that is no aggregate', () => base().groupBy('word', () => ({ n: 1 as never })), /"n" is not an aggregate/, 'InvalidArgument'],
  [
    'a groupBy function that returns nothing',
    () => base().groupBy('word', (() => {}) as never),
    /must return an object/,
    'InvalidArgument',
  ],
  ['a column named __proto__', () => base().groupBy('__proto__' as never), /__proto__/, 'InvalidArgument'],
  ['params that are no object', () => base().map(shout, { params: [1] }), /params is an object/, 'ParamInvalid'],
  ['a param that is a function', () => base().map(shout, { params: { f: () => 1 } }), /operator 2 \(map\) f is function/, 'ParamInvalid'],
  ['no source', () => flow(URL_OF).read(undefined as never), /read\(\) takes/, 'InvalidArgument'],
  ['no module', () => flow('stages.js'), /import\.meta\.url/, 'InvalidArgument'],
  ['no pattern', () => lines([]), /takes a path or pattern/, 'InvalidArgument'],
  [
    'an unknown column type',
    () => parquet('a', { columns: { x: 'float' as never } }),
    /column "x": unknown type "float"/,
    'InvalidArgument',
  ],
]

for (const [what, act, message, code] of REFUSED) {
  test(`${what} is refused when the flow is built`, () => {
    assert.throws(act, (error: Error & { code?: string }) => {
      assert.match(error.message, message)
      assert.equal(error.code, code)
      return true
    })
  })
}

test('an async function is refused when the flow is built', () => {
  async function later(row: { word: string }): Promise<{ word: string }> {
    return row
  }
  async function* laterMany(row: { word: string }): AsyncGenerator<{ word: string }> {
    yield row
  }
  assert.throws(() => base().map(later as never), { code: 'StageAsync' })
  assert.throws(() => base().flatMap(laterMany as never), { code: 'StageAsync' })
})

test('the function of a groupBy runs once, when the flow is built', async () => {
  let runs = 0
  const job = base().groupBy('word', (a) => {
    runs++
    return { n: a.count(), lo: a.min('size') }
  })
  await job.plan()
  await job.explain()
  assert.equal(runs, 1)
})
