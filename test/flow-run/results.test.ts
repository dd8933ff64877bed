import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { csv, flow, jsonl, lines, parquet, readBatches } from 'millrace/flow'
import { parquetBytes } from '../flow/parquet-writer.js'
import {
  type AnyFlow,
  type AnyRow,
  comparePlainly,
  filterEven,
  flatMapRepeated,
  group,
  hash,
  known,
  limit,
  mapBytes,
  mapSame,
  mapTagged,
  regroup,
  type Step,
  sort,
} from './oracle.js'
import { again, before as beforeOthers, combine, ending, itemStep, nestedItem } from './random.js'
import { isLong, letters, upper, words } from './stages/basic.js'
import { LINKED, rowsOf, sorted, temporaryFolder, useWays, type Way, WORKERS, writeFiles } from './support.js'

const STAGES = new URL('./stages/basic.js', import.meta.url)
const FULL = process.env.MILLRACE_FULL === '1'

const folder = temporaryFolder()
const { ways } = useWays(FULL ? WORKERS : [0, 2, 4], LINKED)

/** Rows of which some keys are missing, null or repeated. */
function items(count: number): AnyRow[] {
  return Array.from({ length: count }, (_none, id) => ({
    id,
    group: `g${(id * 7) % 13}`,
    ...(id % 5 !== 0 && { value: id % 11 === 0 ? null : (id % 101) / 4 }),
  }))
}

const jsonLines = (rows: readonly AnyRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Three files of which one is cut into several splits, an empty one, and one without an end of line. */
const ROWS = items(3000)

before(async () => {
  await writeFiles(folder, {
    'items/a.jsonl': jsonLines(ROWS.slice(0, 2000)),
    'items/b.jsonl': '',
    'items/c.jsonl': `${jsonLines(ROWS.slice(2000, 2500))}\n\n`,
    'items/d.jsonl': jsonLines(ROWS.slice(2500)).trimEnd(),
    'text/a.txt': 'the mill race runs under the mill\r\n'.repeat(800),
    'text/b.txt': `${'one two\n\n'.repeat(30)}last line without an end`,
    'items.csv': `id,group,value\n${ROWS.map(({ id, group, value }) => `${id},${group},${value ?? ''}\n`).join('')}`,
    'items.parquet': parquetBytes(
      [
        { name: 'id', type: 'INT32' },
        { name: 'group', type: 'BYTE_ARRAY', converted: 'UTF8' },
        { name: 'value', type: 'DOUBLE', optional: true },
      ],
      [0, 1000, 2000].map((start) => ROWS.slice(start, start + 1000).map((row) => [row.id, row.group, row.value ?? null])),
    ),
  })
})

const source = {
  jsonl: (): AnyFlow => flow(STAGES).read(jsonl<AnyRow>(`${folder}/items/*.jsonl`)),
  csv: (): AnyFlow => flow(STAGES).read(csv(`${folder}/items.csv`, { columns: { id: 'int32', group: 'utf8', value: 'float64?' } })),
  parquet: (): AnyFlow => flow(STAGES).read(parquet<AnyRow>(`${folder}/items.parquet`)),
}

const CASES: { name: string; ordered?: boolean; steps: Step[] }[] = [
  { name: 'map, filter and flatMap', steps: [mapTagged, filterEven, flatMapRepeated(3)] },
  { name: 'all aggregates', steps: [mapTagged, group('group')] },
  { name: 'all aggregates by two keys, ordered', ordered: true, steps: [mapTagged, group('group', 'tag'), sort('group', 'tag')] },
  { name: 'a key that is often missing', steps: [group('value')] },
  { name: 'everything in order', ordered: true, steps: [mapTagged, sort('-value', 'id')] },
  { name: 'the first rows of an order', ordered: true, steps: [mapTagged, sort('value', '-id'), limit(37)] },
  { name: 'the order behind an exchange', ordered: true, steps: [hash('group'), mapTagged, sort('group', 'id')] },
  { name: 'two exchanges and two groupings', steps: [hash('id'), mapTagged, group('tag'), mapSame, hash('rows'), sort('tag'), regroup] },
  {
    name: 'a limit in the middle of an order',
    ordered: true,
    steps: [sort('id'), limit(500), mapTagged, filterEven, sort('-id'), limit(50)],
  },
  { name: 'no rows at all', steps: [sort('id'), limit(0), mapTagged] },
]

/** What joins workers bears on all steps alike: at full size all are tried with each. */
const casesWays = FULL ? ways : ways.filter(({ workers }) => workers !== 2)

for (const kind of ['jsonl', 'csv', 'parquet'] as const) {
  describe(`a plain program and a flow give the same rows of ${kind}`, () => {
    for (const { name, steps, ordered } of CASES) {
      const expected = steps.reduce((rows, step) => step.plain(rows), ROWS).map(known)
      test(name, async () => {
        for (const way of kind === 'jsonl'
          ? casesWays
          : ways.filter(
              ({ workers, name }) => workers === 0 || (workers === 2 && kind === 'parquet' && (FULL || name.includes('processes'))),
            )) {
          const job = steps.reduce((each, step) => step.flow(each), source[kind]())
          const rows = (await rowsOf(job, way.options)).map(known)
          assert.deepEqual(ordered ? rows : sorted(rows), ordered ? expected : sorted(expected), way.name)
        }
      })
    }
  })
}

describe('lines', () => {
  test('come with file and offset', async () => {
    const text = lines(['text/*.txt'])
    const expected: AnyRow[] = []
    for await (const batch of readBatches(text, { cwd: folder })) expected.push(...batch.map((line) => ({ ...line })))
    assert.equal(expected.length, 861)
    for (const way of ways) {
      const rows = await rowsOf(flow(STAGES).read(text), { ...way.options, cwd: folder })
      assert.deepEqual(sorted(rows), sorted(expected), way.name)
    }
  })

  test('go through arrays and generators', async () => {
    const job = flow(STAGES)
      .read(lines(`${folder}/text/*.txt`))
      .flatMap(words)
      .filter(isLong, { params: { min: 4 } })
      .map(upper)
      .flatMap(letters)
      .groupBy(['letter', 'word'], (a) => ({ n: a.count() }))
      .sort('letter', 'word')
      .limit(4)
    const expected = [
      { letter: 'A', word: 'LAST', n: 1 },
      { letter: 'A', word: 'RACE', n: 800 },
      { letter: 'C', word: 'RACE', n: 800 },
      { letter: 'D', word: 'UNDER', n: 800 },
    ]
    for (const way of ways) assert.deepEqual(await rowsOf(job, way.options), expected, way.name)
  })
})

test('a limit without an order gives so many rows that are there, whatever stands around it', async () => {
  const all = new Set(ROWS.map((row) => row.id))
  for (const way of ways) {
    for (const steps of [
      [limit(100)],
      [hash('group'), limit(100)],
      [limit(100), mapTagged],
      [mapTagged, limit(1500), hash('id'), limit(100)],
    ]) {
      const rows = await rowsOf(
        steps.reduce((each, step) => step.flow(each), source.jsonl()),
        way.options,
      )
      assert.equal(rows.length, 100, way.name)
      assert.equal(new Set(rows.map((row) => row.id)).size, 100)
      assert.ok(rows.every((row) => all.has(row.id)))
    }
  }
})

test('random flows over random files give what a plain program gives', async () => {
  let run = 0
  const program = fc.record({
    first: fc.constantFrom<Step[]>([mapBytes], []),
    files: fc.array(fc.array(nestedItem, { maxLength: 40 }), { minLength: 1, maxLength: 5 }),
    middle: fc.array(itemStep, { maxLength: 4 }),
    combine,
    others: fc.array(nestedItem, { maxLength: 15 }),
    before: beforeOthers,
    again,
    combineAt: fc.nat(4),
    end: ending,
    at: fc.nat(ways.length - 1),
  })
  const property = fc.asyncProperty(
    program,
    async ({ first, files, middle, combine: combined, others, before, again, combineAt, end, at }) => {
      const way = ways[at] as Way
      const where = `${folder}/random/${run++}`
      await writeFiles(where, Object.fromEntries(files.map((rows, index) => [`${index}.jsonl`, jsonLines(rows)])))
      await writeFiles(where, { 'right/0.jsonl': jsonLines(others) })
      const right = {
        flow: [...first, ...before].reduce(
          (each, step) => step.flow(each),
          flow(STAGES).read(jsonl<AnyRow>(`${where}/right/*.jsonl`)) as AnyFlow,
        ),
        rows: [...first, ...before].reduce((rows, step) => step.plain(rows), others as AnyRow[]),
      }
      const steps = [...first, ...middle.slice(0, combineAt), ...combined(right), ...again(right), ...middle.slice(combineAt), ...end]
      const expected = steps.reduce((rows, step) => step.plain(rows), files.flat() as AnyRow[]).map(known)
      const job = steps.reduce((each, step) => step.flow(each), flow(STAGES).read(jsonl<AnyRow>(`${where}/*.jsonl`)) as AnyFlow)
      const rows = (await rowsOf(job, way.options)).map(known)
      assert.deepEqual(sorted(rows), sorted(expected))
      const order = end
        .find((step) => step.name.startsWith('sort'))
        ?.name.slice(5)
        .split(',')
      if (order === undefined) return
      const compare = comparePlainly(order)
      assert.ok(rows.every((row, index) => index === 0 || compare(rows[index - 1] as AnyRow, row) <= 0))
    },
  )
  await fc.assert(property, { numRuns: FULL ? 1500 : 30 })
})
