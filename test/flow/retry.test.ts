import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import type { Ctx, LogRecord, SourceLocation } from '../../src/flow/ctx.js'
import { CallWaits } from '../../src/flow/operators/call-waits.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { buildPipeline } from '../../src/flow/operators/pipeline.js'
import type { LocatedRows } from '../../src/flow/operators/split-ends.js'
import type { OperatorPlan, StagePlan } from '../../src/flow/plan.js'
import { type SplitFile, splitIdOf } from '../../src/flow/sources/split.js'
import { resolveStage } from '../../src/flow/stage-function.js'
import { flow, jsonl, rows } from '../../src/flow.js'
import { shout } from './stages.js'
import { call, environment, hasty } from './support.js'

/** Rows of some splits, with a pause before each. */
class Splits implements LocatedRows {
  readonly #rows: { row: Row; split: number; offset: number }[]
  readonly #ranges: readonly SplitFile[]
  #at = 0
  #isDue = false
  closed = 0
  fails = false

  constructor(splits: readonly (readonly number[])[]) {
    this.#ranges = splits.map((_rows, split) => ({ path: `f${split}`, start: 0, end: 1 }))
    this.#rows = splits.flatMap((ns, split) => ns.map((n, offset) => ({ row: { n, list: [n] }, split, offset })))
  }

  get current(): SourceLocation | undefined {
    const last = this.#rows[this.#at - 1]
    return last && { file: `f${last.split}`, offset: last.offset }
  }

  get range(): SplitFile | undefined {
    const last = this.#rows[this.#at - 1]
    return last && this.#ranges[last.split]
  }

  get splitId(): string | undefined {
    return this.range && splitIdOf(this.range)
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.closed > 0) return END
    this.#isDue = !this.#isDue
    if (this.#isDue) return PAUSE
    if (this.fails && this.#at === this.#rows.length) throw new Error('the source')
    return this.#rows[this.#at++]?.row ?? END
  }

  close(): void {
    this.closed++
  }
}

/** How often each row is to fail, and how often it was tried. */
let failures = new Map<number, number>()
let tries = new Map<number, number>()
let places: string[] = []

function shaky(row: Row, ctx: Ctx): Row {
  const n = row.n as number
  tries.set(n, (tries.get(n) ?? 0) + 1)
  places.push(`${ctx.source?.file}:${ctx.source?.offset}`)
  assert.deepEqual(row.list, [n], 'a row is whole each time')
  ;(row.list as number[]).push(0)
  if ((tries.get(n) ?? 0) <= (failures.get(n) ?? 0)) throw new Error(`row ${n}`)
  return { n }
}
function* doubled(row: Row): Generator<Row> {
  yield row
  yield { n: -(row.n as number) }
}
async function later(row: Row): Promise<Row> {
  return row
}
function batches(all: Row[]): Row[] {
  return all.map(({ n }) => ({ n, of: all.length }))
}
function behind(row: Row, ctx: Ctx): Row {
  return { ...row, source: ctx.source === undefined, split: ctx.splitId }
}
const functions = { shaky, doubled, later, batches, behind }

async function run(
  source: Splits,
  operators: OperatorPlan[],
  more: { retries?: number; budgetBytes?: number; log?: (record: LogRecord) => void } = {},
) {
  const waits = new CallWaits()
  const slice = hasty()
  const stage: StagePlan = {
    id: 3,
    on: 'all',
    input: { kind: 'lines', patterns: ['x'], allowEmpty: false, retries: more.retries ?? 2 },
    operators,
    output: { exchange: 'gather', to: 'leader' },
  }
  const cursor = await buildPipeline(stage, {
    resolve: (ref) => resolveStage(functions, ref),
    resolveReducer: () => assert.fail(),
    input: source,
    environment: environment({ log: more.log ?? (() => {}), location: source }),
    waits,
    budgetBytes: more.budgetBytes ?? 1e9,
    slice,
  })
  const given: Row[] = []
  try {
    for (let row = cursor.next(); row !== END; row = cursor.next()) {
      if (row !== PAUSE) given.push(row)
      else {
        slice.begin()
        await null
      }
    }
  } finally {
    cursor.close()
    assert.ok(source.closed > 0)
  }
  return given
}

function reset(fail: Record<number, number>): void {
  failures = new Map(Object.entries(fail).map(([n, times]) => [Number(n), times]))
  tries = new Map()
  places = []
}

const ns = (given: readonly Row[]): unknown[] => given.map(({ n }) => n)

test('a split is gone over again until all of it went well, and each row counts once', async () => {
  const splits = fc.array(fc.array(fc.nat(5), { maxLength: 5 }), { maxLength: 4 })
  const numbered = splits.map((all) => all.map((split, index) => split.map((_n, at) => index * 10 + at)))
  const fails = fc.dictionary(fc.integer({ min: 0, max: 34 }).map(String), fc.integer({ min: 1, max: 2 }), { maxKeys: 4 })
  await fc.assert(
    fc.asyncProperty(numbered, fails, async (all, fail) => {
      reset(fail as Record<number, number>)
      const total = (split: readonly number[]) => split.reduce((sum, n) => sum + (failures.get(n) ?? 0), 0)
      const given = run(new Splits(all), [call('map', shaky), call('flatMap', doubled), call('mapAsync', later, { concurrency: 2 })], {
        retries: 2,
      })
      if (all.some((split) => total(split) > 2)) {
        await assert.rejects(given, { message: /^row \d+$/, stage: 'shaky' })
      } else {
        assert.deepEqual(
          ns(await given),
          all.flat().flatMap((n) => [n, -n]),
        )
      }
    }),
    { numRuns: 150 },
  )
})

test('each attempt that fails is logged, and functions see the source of their rows each time', async () => {
  reset({ 2: 2 })
  const logged: LogRecord[] = []
  await run(new Splits([[1, 2], [3]]), [call('map', shaky)], { log: (record) => logged.push(record) })
  assert.deepEqual(
    logged.map(({ object, level, stage }) => [object, level, stage]),
    [1, 2].map((attempt) => [{ retried: 'Error: row 2', attempt, split: 'f0:0' }, 'warn', 'shaky']),
  )
  assert.deepEqual(places, ['f0:0', 'f0:1', 'f0:0', 'f0:1', 'f0:0', 'f0:1', 'f1:0'])
})

test('batches end with their split, and what stands behind the functions is not gone over again', async () => {
  reset({ 4: 1 })
  const operators = [call('map', shaky), call('mapBatches', batches, { rows: 2 }), { op: 'limit', rows: 4 } as const, call('map', behind)]
  assert.deepEqual(
    await run(
      new Splits([
        [1, 2, 3],
        [4, 5],
      ]),
      operators,
    ),
    [
      { n: 1, of: 2, source: true, split: 'f0:0' },
      { n: 2, of: 2, source: true, split: 'f0:0' },
      { n: 3, of: 1, source: true, split: 'f0:0' },
      { n: 4, of: 2, source: true, split: 'f1:0' },
    ],
  )
})

test('an error of the source is not gone over again', async () => {
  reset({})
  const source = new Splits([[1]])
  source.fails = true
  await assert.rejects(run(source, [call('map', shaky)]), { message: 'the source' })
  assert.equal(tries.get(1), 1)
})

test('a split that has no room is an error that says so', async () => {
  reset({})
  const many = Array.from({ length: 1000 }, (_none, n) => n)
  await assert.rejects(run(new Splits([many]), [call('map', shaky)], { budgetBytes: 10_000 }), {
    code: 'OperatorBudget',
    message: /^stage 3 (a split|what came of a split), kept for retries,/,
  })
})

test('what is kept of a split counts after a failed attempt, too', async () => {
  const many = Array.from({ length: 400 }, (_none, n) => n)
  const room = async (fail: Record<number, number>): Promise<number> => {
    for (let budgetBytes = 10_000; ; budgetBytes += 2_000) {
      reset(fail)
      try {
        await run(new Splits([many]), [call('map', shaky)], { budgetBytes })
        return budgetBytes
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'OperatorBudget')
      }
    }
  }
  assert.equal(await room({ 200: 1 }), await room({}))
})

test('retries are for files, and not beside onError', async () => {
  const start = flow('file:///stages.js')
  const source = jsonl<{ word: string; size: number }>('w.jsonl')
  assert.throws(() => start.read(source, { retries: 0 }), { code: 'InvalidArgument' })
  assert.throws(() => start.read(rows('x'), { retries: 1 }), { code: 'InvalidArgument', message: /for files/ })
  const job = start.read(source, { retries: 2 })
  assert.match(await job.map(shout, { params: {} }).explain(), /read jsonl w\.jsonl \(a split up to 3 times\)/)
  await assert.rejects(job.map(shout, { onError: 'skip' }).plan(), { code: 'InvalidArgument', message: /retries, and shout onError/ })
  await job.exchange.roundRobin().map(shout, { onError: 'skip' }).plan()
})
