import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { CancelledError } from 'millrace'
import { explainAll, type Flow, flow, jsonl, type LogRecord, lines, rows, runAll, to } from 'millrace/flow'
import { type AnyFlow, type AnyRow, known, mapBytes, type Right, type Step } from './oracle.js'
import { again, before as beforeOthers, combine, ending, itemStep, nestedItem } from './random.js'
import {
  beforeFailing,
  begins,
  changes,
  endless,
  failsOnce,
  failsThen,
  isEven,
  isRare,
  mapThrows,
  passed,
  placed,
  reuses,
  same,
  wide,
} from './stages/forked.js'
import { errorOf, rowsOf, sorted, startAll, temporaryFolder, useWays, type Way, WORKERS, writeFiles } from './support.js'

const STAGES = new URL('./stages/forked.js', import.meta.url)
const FULL = process.env.MILLRACE_FULL === '1'
const ROWS = Array.from({ length: 6000 }, (_none, id) => ({ id, group: `g${(id * 7) % 13}`, tags: [id] }))
type Item = (typeof ROWS)[number]

const folder = temporaryFolder()
const { ways } = useWays(FULL ? WORKERS : undefined)
/** In this thread and two threads; at full size in two processes too. */
const fewWays = ways.filter(({ workers, name }) => workers === 0 || (workers === 2 && (!FULL || name.includes('smallest'))))

before(async () => {
  await writeFiles(folder, {
    'items/a.jsonl': linesOf(ROWS.slice(0, 4000)),
    'items/b.jsonl': linesOf(ROWS.slice(4000)),
    ...Object.fromEntries([0, 1, 2, 3].map((index) => [`endless/${index}.txt`, `start ${index}\n`.padEnd(66_000, ' ')])),
  })
})

function linesOf(all: readonly object[]): string {
  return all.map((row) => `${JSON.stringify(row)}\n`).join('')
}

const start = flow(STAGES)
const read = (): Flow<Item> => start.read(jsonl<Item>(`${folder}/items/*.jsonl`))
const numbers = (): Flow<{ n: number; worker: number }> => start.read(lines(`${folder}/endless/*.txt`)).flatMap(endless)
const counted = read().groupBy('group', (a) => ({ n: a.count() }))
const first = read().sort('id').limit(5)

/** How many rows of each flow. */
function lengths(all: readonly (readonly unknown[])[]): number[] {
  return all.map(({ length }) => length)
}

/** Collects what the endless generators log when they stop. */
function stops(): { onLog: (record: LogRecord) => void; made: number[] } {
  const made: number[] = []
  return { made, onLog: ({ object }) => void made.push((object as { made: number }).made) }
}

describe('flows that begin alike', () => {
  test('give what each gives alone, of one pass over the files', async () => {
    const groups = sorted(await rowsOf(counted, { workers: 0 }))
    for (const way of ways) {
      const run = startAll([counted, first, read()], way.options)
      const [a, b, c] = await run.collect()
      assert.deepEqual(sorted(a), groups, way.name)
      assert.deepEqual(b, ROWS.slice(0, 5), way.name)
      assert.deepEqual(sorted(c), sorted(ROWS), way.name)
      const { rowsIn, rowsOut, bytesIn } = run.stats()
      assert.deepEqual([rowsIn, rowsOut, bytesIn], [ROWS.length, 13 + 5 + ROWS.length, linesOf(ROWS).length], way.name)
    }
  })

  test('come as rows, and in batches, with the number of their flow', async () => {
    for (const way of fewWays) {
      const seen: AnyRow[][] = [[], []]
      for await (const each of startAll([counted, first], way.options)) seen[each.flow].push(each.row)
      assert.deepEqual([seen[0].length, seen[1]], [13, ROWS.slice(0, 5)])
      const sizes = [0, 0]
      for await (const each of startAll([counted, first], way.options).batches()) sizes[each.flow] += each.rows.length
      assert.deepEqual(sizes, [13, 5])
    }
  })

  test('have the same rows behind a limit, and the same order, that they share', async () => {
    const sample = read().limit(100)
    const ordered = read().sort('group')
    for (const way of ways) {
      const all = await startAll([sample, sample.map(same as (row: Item) => Item), ordered, ordered.limit(50)], way.options).collect()
      assert.equal(all[0].length, 100)
      assert.deepEqual(sorted(all[0]), sorted(all[1]), way.name)
      assert.deepEqual(all[2].slice(0, 50), all[3], way.name)
    }
  })

  test('are one flow as often as it is given', async () => {
    for (const way of fewWays) assert.deepEqual(lengths(await startAll([counted, counted, counted], way.options).collect()), [13, 13, 13])
  })

  test('share a join and a union as well', async () => {
    const joined = read()
      .join(start.read(jsonl<{ id: number }>(`${folder}/items/b.jsonl`)), { on: 'id', kind: 'semi', exchange: 'hash' })
      .union(read())
    for (const way of fewWays) {
      const run = startAll([joined.groupBy('group', (a) => ({ n: a.count() })), joined], way.options)
      assert.deepEqual([lengths(await run.collect()), run.stats().rowsIn], [[13, 8000], 6000 + 2000 + 6000], way.name)
    }
  })

  test('give rows of the run to each, which are pulled once', async () => {
    const given = (): Flow<Item> => start.read(rows<Item>('items'))
    for (const way of ways) {
      const run = startAll([given().filter(isEven), given().sort('id')], { ...way.options, inputs: { items: ROWS.values() } })
      const [even, all] = await run.collect()
      assert.deepEqual([even.length, all, run.stats().rowsIn], [3000, ROWS, ROWS.length], way.name)
    }
  })

  test('take params for all of them', async () => {
    const marked = read().map(placed, { params: { mark: 'a' } })
    for (const way of fewWays) {
      const [one, all] = await startAll([marked.limit(1), marked], { ...way.options, params: { mark: 'b' } }).collect()
      assert.deepEqual([...new Set([...one, ...all].map(({ mark }) => mark))], ['b'])
    }
  })
})

describe('a row that several flows get', () => {
  test('is one of its own for each, whatever functions change in it, or give again', async () => {
    for (const way of ways) {
      const shared = read().map(reuses as (row: Item) => Item)
      const [changed, kept, also] = await startAll([shared.map(changes), shared, shared.map(changes)], way.options).collect()
      assert.deepEqual(sorted(kept), sorted(ROWS), way.name)
      for (const all of [changed, also]) assert.ok(all.every(({ id, group, tags }) => group === 'changed' && tags.join() === `${id},-1`))
    }
  })

  test('still has its place in the file, and its split', async () => {
    const marked = read().map(placed, { params: { mark: 'a' } })
    const alone = sorted(await rowsOf(marked, { workers: 0 }))
    for (const way of fewWays) {
      const [ordered, all] = await startAll([read().sort('id'), marked], way.options).collect()
      assert.deepEqual([ordered, sorted(all)], [ROWS, alone], way.name)
    }
  })
})

describe('memory', () => {
  test('holds few of the rows that fork, and of those that wait for the loop', async () => {
    for (const way of fewWays) {
      const shared = read().map(wide as (row: Item) => Item & { text: string })
      const run = startAll([shared, shared.filter(isEven)], { ...way.options, memoryBytes: 64 * 1024, spill: false })
      assert.deepEqual(lengths(await run.collect()), [6000, 3000], way.name)
    }
  })

  test('goes to disk where a flow keeps more', async () => {
    for (const way of fewWays) {
      const run = startAll([read().sort('id'), read().groupBy('id')], { ...way.options, memoryBytes: 64 * 1024 })
      const [ordered, groups] = await run.collect()
      assert.deepEqual([ordered, groups.length], [ROWS, ROWS.length], way.name)
      assert.ok(run.stats().spilledBytes > 0, way.name)
    }
  })
})

test('rows that are left out in front of the fork are counted, and written, once', async () => {
  for (const way of fewWays) {
    const cwd = mkdtempSync(joinPath(folder, 'out-'))
    const shared = read().map(mapThrows, { params: { at: 7 }, onError: to.jsonl('failed/'), maxErrors: 1 })
    const run = startAll([shared.sort('id'), shared.filter(isEven)], { ...way.options, cwd })
    assert.deepEqual([lengths(await run.collect()), run.stats().rowsSkipped], [[5999, 3000], 1], way.name)
    const parts = readdirSync(joinPath(cwd, 'failed')).filter((name) => name.startsWith('part'))
    assert.equal(parts.length, 1, way.name)
    assert.equal(readFileSync(joinPath(cwd, 'failed', parts[0]), 'utf8').split('\n').length, 2)
  }
})

test('flows that share nothing run side by side', async () => {
  for (const way of fewWays) {
    const run = startAll([counted, start.read(jsonl<Item>(`${folder}/items/b.jsonl`))], way.options)
    assert.deepEqual([lengths(await run.collect()), run.stats().rowsIn], [[13, 2000], 8000], way.name)
  }
})

describe('a limit', () => {
  test('in one flow leaves the others all their rows', async () => {
    for (const way of ways) {
      const [few, all, none] = await startAll([read().limit(3), read(), read().limit(0)], way.options).collect()
      assert.deepEqual([few.length, none.length, sorted(all)], [3, 0, sorted(ROWS)], way.name)
    }
  })

  test('in all of them stops a source that has no end, and in no less', async () => {
    for (const way of ways) {
      const { onLog, made } = stops()
      const shared = numbers()
      const three = [shared.limit(10), shared.exchange.hash('n').limit(1000), shared.sort('n').limit(3)] as const
      const [a, b] = await startAll([three[0], three[1]], { ...way.options, onLog }).collect()
      assert.deepEqual([a.length, b.length], [10, 1000], way.name)
      assert.ok(made.length >= 1 && made.every((n) => n < 1_000_000), way.name)
      const stuck = startAll(three, { ...way.options, onLog })
      const seen = [0, 0, 0]
      for await (const each of stuck.batches()) {
        seen[each.flow] += each.rows.length
        if (seen[0] + seen[1] === 1010) break
      }
      assert.deepEqual(seen, [10, 1000, 0], way.name)
    }
  })
})

describe('a run of several flows ends as one', () => {
  const parts = [numbers().exchange.hash('n'), numbers(), numbers().filter(isRare)] as const

  test('where its loop is left', async () => {
    for (const way of ways) {
      const { onLog, made } = stops()
      const run = startAll(parts, { ...way.options, onLog })
      const seen = new Set<number>()
      for await (const each of run) if (seen.add(each.flow).size === 3) break
      assert.ok(made.length >= 1, way.name)
    }
  })

  test('where it is cancelled', async () => {
    for (const way of fewWays) {
      const run = startAll(parts, way.options)
      const error = await errorOf(
        (async () => {
          for await (const _each of run.batches()) void run.cancel('enough')
        })(),
      )
      assert.ok(error instanceof CancelledError && error.cause === 'enough', way.name)
    }
  })

  test('where a setup behind the fork fails while the rows in front of it come already', async () => {
    for (const [run, way] of fewWays.entries()) {
      const { onLog, made } = stops()
      const params = { run }
      const shared = start.read(lines(`${folder}/endless/*.txt`)).flatMap(begins, { params })
      const error = await errorOf(startAll([shared, shared.map(passed, { params, setup: failsThen })], { ...way.options, onLog }).collect())
      assert.equal(error.message, 'no dictionary', way.name)
      assert.ok(made.length >= 1, `${way.name}: nobody stopped the rows`)
    }
  })

  test('where one of them fails, with its error, which has the place of the row', async () => {
    const failing = read().map(mapThrows, { params: { at: 3000 } })
    for (const way of ways) {
      for (const all of [
        [numbers(), failing],
        [read().sort('id'), failing],
        [failing.sort('id'), failing.groupBy('id')],
      ] as AnyFlow[][]) {
        const error = await errorOf(startAll(all, way.options).collect())
        assert.deepEqual([error.name, error.message, error.stage], ['MillError', 'row 3000', 'mapThrows'], way.name)
        assert.deepEqual([error.file, error.offset], [`${folder}/items/a.jsonl`, linesOf(ROWS.slice(0, 3000)).length])
      }
    }
  })
})

describe('sinks', () => {
  const out = (): string => mkdtempSync(joinPath(folder, 'out-'))

  test('are written by each flow, those that are shared once', async () => {
    for (const way of fewWays) {
      const cwd = out()
      const teed = read().tee(to.jsonl('all.jsonl'))
      const [files, groups, also] = await startAll(
        [read().filter(isEven).write(to.jsonl('even/')), teed.groupBy('group'), teed.sort('id').write(to.jsonl('ordered.jsonl'))],
        { ...way.options, cwd },
      ).collect()
      assert.equal(
        files.reduce((sum, { rows: count }) => sum + count, 0),
        3000,
        way.name,
      )
      assert.deepEqual([groups.length, also], [13, [{ file: 'ordered.jsonl', rows: 6000, bytes: linesOf(ROWS).length }]])
      assert.deepEqual(sorted(readFileSync(joinPath(cwd, 'all.jsonl'), 'utf8').split('\n')), sorted(linesOf(ROWS).split('\n')))
      assert.deepEqual(readdirSync(cwd).sort(), ['all.jsonl', 'even', 'ordered.jsonl'])
    }
  })

  test('of all flows leave nothing where one flow fails, or is left', async () => {
    for (const way of fewWays) {
      const cwd = out()
      const writing = read().write(to.jsonl('all.jsonl'))
      await errorOf(startAll([writing, read().map(mapThrows, { params: { at: 5999 } })], { ...way.options, cwd }).collect())
      for await (const _each of startAll([writing, read()], { ...way.options, cwd })) break
      assert.deepEqual(readdirSync(cwd), [], way.name)
    }
  })

  test('of two flows to one path are refused', async () => {
    const error = await errorOf(
      runAll([read().write(to.jsonl('a.jsonl')), read().filter(isEven).write(to.jsonl('a.jsonl'))], { workers: 0, cwd: out() }).collect(),
    )
    assert.match(error.message, /two sinks of the flow write to a\.jsonl/)
  })
})

test('a split is gone over again for what is in front of the fork, or else is read for each flow', async () => {
  const shaky = start.read(jsonl<Item>(`${folder}/items/*.jsonl`), { retries: 1 }).map(failsOnce, { setup: beforeFailing })
  for (const way of fewWays) {
    const shared = startAll([shaky.sort('id'), shaky.groupBy('id')], way.options)
    assert.deepEqual([lengths(await shared.collect()), shared.stats().rowsIn], [[6000, 6000], 6000], way.name)
    const apart = startAll([shaky.map(same), shaky.filter(isEven)], way.options)
    assert.deepEqual(lengths(await apart.collect()), [6000, 3000], way.name)
  }
})

test('what cannot run together is refused at once', async () => {
  const other = flow(new URL('./stages/basic.js', import.meta.url)).read(lines('a.txt'))
  const refused: [flows: unknown, message: RegExp][] = [
    [[read(), other], /^runAll\(\): flow 1 has its functions in file:.*basic\.js, .*forked\.js: give both the same module/],
    [[read(), {}], /element 1 is no flow/],
    [[], /takes an array of flows/],
    [[read().write(to.jsonl('out/', { resume: true })), read()], /out\/ has resume: .* this one runs together with others/],
    [read(), /takes an array of flows/],
  ]
  for (const [flows, message] of refused) assert.throws(() => runAll(flows as AnyFlow[]), { code: 'InvalidArgument', message })
  assert.throws(() => runAll([read(), read()], { params: { nope: 1 } }), { code: 'ParamUnknown' })
  const run = runAll([counted, first], { workers: 0 })
  await run.collect()
  assert.equal((await errorOf(run.collect())).code, 'InvalidArgument')
  await assert.rejects(explainAll([read(), other]), { code: 'InvalidArgument' })
})

test('random flows that part somewhere give what plain programs give', async () => {
  let run = 0
  const rest = fc.record({ middle: fc.array(itemStep, { maxLength: 2 }), again, end: ending })
  const program = fc.record({
    files: fc.array(fc.array(nestedItem, { maxLength: 40 }), { minLength: 1, maxLength: 5 }),
    others: fc.array(nestedItem, { maxLength: 15 }),
    before: beforeOthers,
    shared: fc.array(itemStep, { maxLength: 3 }),
    combine,
    rests: fc.array(rest, { minLength: 2, maxLength: 4 }),
    memoryBytes: fc.constantFrom(undefined, 64 * 1024),
    at: fc.nat(ways.length - 1),
  })
  const property = fc.asyncProperty(
    program,
    async ({ files, others, before: front, shared, combine: combined, rests, memoryBytes, at }) => {
      const way = ways[at] as Way
      const where = `${folder}/random/${run++}`
      await writeFiles(where, Object.fromEntries(files.map((each, index) => [`${index}.jsonl`, linesOf(each)])))
      await writeFiles(where, { 'right/0.jsonl': linesOf(others) })
      const source = (path: string): AnyFlow => start.read(jsonl<AnyRow>(`${where}/${path}`)) as AnyFlow
      const right: Right = { flow: flowOf([mapBytes, ...front], source('right/*.jsonl')), rows: plainOf([mapBytes, ...front], others) }
      const all = rests.map(({ middle, again: more, end }) => [mapBytes, ...shared, ...combined(right), ...middle, ...more(right), ...end])
      const jobs = all.map((steps) => flowOf(steps, source('*.jsonl')))
      const found = await startAll(jobs, { ...way.options, ...(memoryBytes && { memoryBytes }) }).collect()
      for (const [index, steps] of all.entries()) {
        assert.deepEqual(sorted(found[index].map(known)), sorted(plainOf(steps, files.flat()).map(known)), `flow ${index}, ${way.name}`)
      }
    },
  )
  await fc.assert(property, { numRuns: FULL ? 1000 : 20 })
})

function flowOf(steps: readonly Step[], job: AnyFlow): AnyFlow {
  return steps.reduce((each, step) => step.flow(each), job)
}

function plainOf(steps: readonly Step[], all: readonly AnyRow[]): AnyRow[] {
  return steps.reduce((each, step) => step.plain(each), all as AnyRow[])
}
