import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { arrow, csv, type Flow, flow, jsonl, type LogRecord, type Part, parquet, type Sink, to } from 'millrace/flow'
import { randomWords } from '../support/random.js'
import { type Entry, even, type Orders, orders, twice, worked, workedAnew } from './stages/resuming.js'
import { errorOf, rowsOf, sorted, temporaryFolder, useWays, writeFiles } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'
const FILES = 12
const PER_FILE = 150
const ROWS = FILES * PER_FILE
const COUNTS = FULL ? [0, 1, 2, 3, 4] : [0, 1, 2]

const folder = temporaryFolder()
const { pool } = useWays([])
const resume = { everyMs: 0 }

before(async () => {
  const text = 'x'.repeat(60)
  const linesOf = (file: number): string =>
    Array.from({ length: PER_FILE }, (_none, at) => `${JSON.stringify({ id: file * PER_FILE + at, text: `${text}${at}` })}\n`).join('')
  const files = Array.from({ length: FILES }, (_none, file) => [`in/${String(file).padStart(2, '0')}.jsonl`, linesOf(file)])
  // One of some splits.
  const large = Array.from({ length: FILES }, (_none, file) => linesOf(FILES + file)).join('')
  await writeFiles(folder, Object.fromEntries([...files, ['in/large.jsonl', large]]))
})

const ALL = ROWS * 2

/** A place to write to, and the file of what is to go wrong. */
class Place {
  readonly folder = mkdtempSync(join(folder, 'place-'))
  readonly out = `${this.folder}/out/`
  readonly orders = `${this.folder}/orders.json`

  constructor() {
    this.order({})
  }

  order(what: Orders): void {
    writeFileSync(this.orders, JSON.stringify(what))
  }

  job(sink: Sink<never> = to.jsonl(this.out, { resume }) as Sink<never>, fn: typeof worked = worked): Flow<Part> {
    return flow(new URL('./stages/resuming.js', import.meta.url))
      .read(jsonl<Entry>(join(folder, 'in/*.jsonl')))
      .map(fn, { params: { orders: this.orders }, setup: orders })
      .write(sink as Sink<unknown>)
  }

  /** Nothing is seen of a run that is not whole. */
  checkUnseen(): void {
    assert.deepEqual(existsSync(this.out) ? readdirSync(this.out) : [], existsSync(`${this.out}.unfinished`) ? ['.unfinished'] : [])
  }

  /** What is kept of finished splits. */
  get kept(): { splits: string[]; parts: { name: string; rows: number }[] }[] {
    const path = `${this.out}.unfinished/splits.jsonl`
    if (!existsSync(path)) return []
    const lines = readFileSync(path, 'utf8').split('\n').slice(1, -1)
    return lines.map((line) => JSON.parse(line) as Place['kept'][number])
  }

  get keptRows(): number {
    return this.kept.flatMap(({ parts }) => parts).reduce((sum, { rows }) => sum + rows, 0)
  }
}

async function fail(run: Promise<unknown>, message: RegExp): Promise<void> {
  assert.match(String(await errorOf(run)), message)
}

/** The rows that a whole folder holds: each once, and the manifest tells of its parts. */
function rowsIn(out: string): { id: number }[] {
  const manifest = JSON.parse(readFileSync(join(out, '_manifest.json'), 'utf8')) as {
    rows: number
    parts: { file: string; rows: number }[]
  }
  assert.deepEqual(readdirSync(out).sort(), ['_manifest.json', ...manifest.parts.map(({ file }) => file)].sort())
  const rows = manifest.parts.flatMap(({ file, rows }) => {
    const lines = readFileSync(join(out, file), 'utf8').trimEnd().split('\n')
    assert.equal(lines.length, rows, file)
    return lines.map((line) => JSON.parse(line) as { id: number })
  })
  assert.equal(rows.length, manifest.rows)
  return rows
}

async function expected(): Promise<unknown[]> {
  const place = new Place()
  await rowsOf(place.job(to.jsonl(place.out)), { pool: pool(0) })
  return sorted(rowsIn(place.out))
}

describe('a run that was cut off', () => {
  test('is gone on with from the splits that were finished, however often, with any number of workers', async () => {
    const whole = await expected()
    assert.equal(whole.length, ALL)
    for (let seed = 1; seed <= (FULL ? 40 : 4); seed++) {
      const random = randomWords(seed * 7919)
      const place = new Place()
      let keptRows = 0
      const job = (): Flow<Part> => place.job(to.jsonl(place.out, { resume: { everyMs: random() % 3 } }))
      for (let times = random() % 4; times >= 0; times--) {
        place.order({ fails: random() % ALL })
        const workers = COUNTS[random() % COUNTS.length] as number
        // A row that is kept already does not fail.
        const error = await errorOf(rowsOf(job(), { pool: pool(workers) })).catch(() => undefined)
        if (error === undefined) break
        assert.match(String(error), /row \d+/, `seed ${seed}`)
        place.checkUnseen()
        assert.ok(place.keptRows >= keptRows, `seed ${seed}`)
        keptRows = place.keptRows
      }
      if (!existsSync(`${place.out}_manifest.json`)) {
        place.order({})
        const run = job().run({ pool: pool(COUNTS[random() % COUNTS.length] as number) })
        const parts = await run.collect()
        assert.equal(run.stats().rowsIn, ALL - keptRows, `seed ${seed}: only the rest is read`)
        assert.equal(
          parts.reduce((sum, { rows }) => sum + rows, 0),
          ALL,
        )
        assert.equal(run.stats().rowsOut, parts.length)
      }
      assert.deepEqual(sorted(rowsIn(place.out)), whole, `seed ${seed}`)
    }
  })

  test('may have been cancelled', async () => {
    for (const workers of [1, 2]) {
      const place = new Place()
      place.order({ tells: ALL - 6 * PER_FILE, waits: ALL - 1 })
      const run = place.job().run({ pool: pool(workers), onLog: ({ stage }) => stage === 'worked' && void run.cancel() })
      await fail(run.collect(), /cancelled/)
      place.checkUnseen()
      const { keptRows } = place
      assert.ok(keptRows > 0 && keptRows < ALL)
      const seen: LogRecord[] = []
      place.order({})
      const again = place.job().run({ pool: pool(workers), onLog: (record) => seen.push(record) })
      await again.collect()
      assert.equal(again.stats().rowsIn, ALL - keptRows)
      const told = seen
        .filter(({ stage }) => stage === 'write')
        .map(({ level, object }) => [level, (object as { resumed: string }).resumed])
      assert.deepEqual(told, [['info', place.out]])
      assert.equal(rowsIn(place.out).length, ALL)
    }
  })

  test('may have been killed at any moment', () => {
    const program = fileURLToPath(new URL('./fixtures/resumes.js', import.meta.url))
    const place = new Place()
    const random = randomWords(4242)
    const run = (workers: number) =>
      spawnSync(process.execPath, [program, `${folder}/in/*.jsonl`, place.out.slice(0, -1), place.orders, String(workers)], {
        encoding: 'utf8',
      })
    let keptRows = 0
    for (let times = FULL ? 12 : 3; times > 0; times--) {
      place.order({ kills: random() % ALL })
      const { signal, status, stderr } = run(COUNTS[random() % COUNTS.length] as number)
      if (status === 0) break
      assert.equal(signal, 'SIGKILL', stderr)
      assert.ok(place.keptRows >= keptRows)
      keptRows = place.keptRows
      assert.equal(existsSync(`${place.out}_manifest.json`), false)
    }
    place.order({})
    if (!existsSync(`${place.out}_manifest.json`)) assert.equal(run(2).status, 0)
    const rows = rowsIn(place.out)
    assert.deepEqual(
      rows.map(({ id }) => id).sort((a, b) => a - b),
      Array.from({ length: ALL }, (_none, id) => id),
    )
  })

  test('writes each format, whose parts hold the same rows', async () => {
    const sinks = {
      jsonl: [(out: string) => to.jsonl(out, { resume, rowsPerPart: 70 }), (out: string) => jsonl(`${out}*.jsonl`)],
      csv: [(out: string) => to.csv(out, { resume }), (out: string) => csv(`${out}*.csv`, { columns: { id: 'float64', text: 'utf8?' } })],
      parquet: [(out: string) => to.parquet(out, { resume }), (out: string) => parquet(`${out}*.parquet`)],
      arrow: [
        (out: string) => to.arrow(out, { resume, columns: { id: 'float64', text: 'utf8?', half: 'float64', at: 'timestamp' } }),
        (out: string) => arrow(`${out}*.arrow`),
      ],
    } as const
    for (const [format, [sink, source]] of Object.entries(sinks)) {
      const place = new Place()
      const job = (): Flow<Part> => place.job(sink(place.out) as Sink<never>)
      place.order({ fails: ALL - 10 })
      await fail(rowsOf(job(), { pool: pool(1) }), /row/)
      assert.ok(place.keptRows > 0, format)
      place.order({})
      const run = job().run({ pool: pool(2) })
      await run.collect()
      assert.ok(run.stats().rowsIn < ALL, format)
      const read = flow(new URL('./stages/resuming.js', import.meta.url)).read(
        source(place.out) as ReturnType<typeof jsonl<{ id: number; text: string | null }>>,
      )
      const ids = (await rowsOf(read, { pool: pool(0) })).map(({ id, text }) => `${id} ${text === null}`)
      assert.deepEqual(sorted(ids), sorted(Array.from({ length: ALL }, (_none, id) => `${id} ${id % 5 === 0}`)), format)
    }
  })

  test('may have read each format, of which a file may be one split', async () => {
    const place = new Place()
    const all = Array.from({ length: ALL }, (_none, id) => ({ id, text: `text ${id}` }))
    const fifth = (n: number) => all.slice((n * ALL) / 5, ((n + 1) * ALL) / 5)
    const linesOf = (rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    const files = [0, 1, 2, 3, 4].flatMap((n) => [
      [`packed/${n}.jsonl.gz`, gzipSync(linesOf(fifth(n)))],
      [
        `csv/${n}.csv`,
        `id,text\n${fifth(n)
          .map(({ id, text }) => `${id},${text}\n`)
          .join('')}`,
      ],
    ])
    await writeFiles(place.folder, Object.fromEntries(files))
    const given = flow(new URL('./stages/resuming.js', import.meta.url)).read(jsonl<Entry>(`${place.folder}/packed/*`))
    await rowsOf(given.write(to.parquet(`${place.folder}/parquet/`, { rowGroupRows: 300 })), { pool: pool(1) })
    await rowsOf(given.write(to.arrow(`${place.folder}/arrow/`, { rowsPerPart: 700 })), { pool: pool(1) })
    const columns = { id: 'float64', text: 'utf8' } as const
    for (const source of [
      jsonl<Entry>(`${place.folder}/packed/*`),
      csv(`${place.folder}/csv/*`, { columns }),
      parquet(`${place.folder}/parquet/*.parquet`, { columns }),
      arrow(`${place.folder}/arrow/*.arrow`, { columns }),
    ]) {
      const { kind } = source.input
      const job = flow(new URL('./stages/resuming.js', import.meta.url))
        .read<Entry>(source)
        .map(worked, { params: { orders: place.orders }, setup: orders })
        .write(to.jsonl(place.out, { resume, overwrite: true }))
      place.order({ fails: ALL - 1 })
      await fail(rowsOf(job, { pool: pool(1) }), /row/)
      const { keptRows } = place
      assert.ok(kind === 'parquet' || keptRows > ALL / 2, kind)
      place.order({})
      for (const workers of [0, 2]) {
        const run = job.run({ pool: pool(workers) })
        await run.collect()
        assert.equal(run.stats().rowsIn, workers === 0 ? ALL - keptRows : ALL, kind)
        const ids = rowsIn(place.out).map(({ id }) => id)
        assert.deepEqual(
          ids.sort((a, b) => a - b),
          all.map(({ id }) => id),
          kind,
        )
      }
    }
  })

  test('may have failed where functions keep rows back, leave some out or are tried again', async () => {
    const place = new Place()
    const { batched, later, odd } = await import('./stages/resuming.js')
    const job = (retries?: number): Flow<Part> => {
      const read = flow(new URL('./stages/resuming.js', import.meta.url)).read(
        jsonl<Entry>(join(folder, 'in/*.jsonl')),
        retries === undefined ? {} : { retries },
      )
      const some = retries === undefined ? read.map(odd, { onError: 'skip' }) : read
      return some
        .map(worked, { params: { orders: place.orders }, setup: orders })
        .mapBatches(batched, { rows: 70 })
        .mapAsync(later, { concurrency: 7 })
        .flatMap(twice)
        .write(to.jsonl(place.out, { resume, overwrite: true }))
    }
    for (const retries of [undefined, 1]) {
      place.order({ fails: ALL - 7 })
      await fail(rowsOf(job(retries), { pool: pool(1) }), /row/)
      assert.ok(place.kept.length > 3)
      place.order({})
      await rowsOf(job(retries), { pool: pool(2) })
      const ids = rowsIn(place.out).map(({ id }) => id)
      const all = Array.from({ length: ALL }, (_none, id) => id).filter((id) => retries !== undefined || id % 2 === 1)
      assert.deepEqual(
        ids.sort((a, b) => a - b),
        all.flatMap((id) => [id, id]),
      )
    }
  })

  test('does not do again what gave no rows', async () => {
    const place = new Place()
    const job = (): Flow<Part> =>
      flow(new URL('./stages/resuming.js', import.meta.url))
        .read(jsonl<Entry>(join(folder, 'in/*.jsonl')))
        .map(worked, { params: { orders: place.orders }, setup: orders })
        .filter(even)
        .filter(tooLarge)
        .write(to.jsonl(place.out, { resume }))
    const { tooLarge } = await import('./stages/resuming.js')
    place.order({ fails: ALL - 1 })
    await fail(rowsOf(job(), { pool: pool(1) }), /row/)
    assert.equal(place.keptRows, 0)
    const done = place.kept.flatMap(({ splits }) => splits).length
    assert.ok(done > FILES)
    place.order({})
    const run = job().run({ pool: pool(1) })
    await run.collect()
    assert.ok(run.stats().rowsIn < ALL / 2)
    assert.deepEqual(rowsIn(place.out), [])
  })
})

describe('what is kept', () => {
  /** A place where a run failed near its end. */
  async function failedPlace(): Promise<Place> {
    const place = new Place()
    place.order({ fails: ALL - 1 })
    await fail(rowsOf(place.job(), { pool: pool(0) }), /row/)
    place.order({})
    assert.ok(place.kept.length > FILES)
    return place
  }

  test('is what was recorded to its end: a line that was cut off counts for nothing, nor does its part', async () => {
    const place = await failedPlace()
    const saved = `${place.folder}/saved`
    cpSync(place.out, saved, { recursive: true })
    const record = readFileSync(`${saved}/.unfinished/splits.jsonl`)
    const lastLine = record.lastIndexOf('\n', record.length - 2) + 1
    const head = record.indexOf('\n') + 1
    for (const bytes of [head, head + 1, lastLine - 1, lastLine, lastLine + 1, record.length - 1]) {
      rmSync(place.out, { recursive: true })
      cpSync(saved, place.out, { recursive: true })
      writeFileSync(`${place.out}.unfinished/splits.jsonl`, record.subarray(0, bytes))
      writeFileSync(`${place.out}.unfinished/part-9-9.jsonl`, 'half')
      place.order({ fails: ALL - 1 })
      await fail(rowsOf(place.job(), { pool: pool(0) }), /row/)
      place.order({})
      await rowsOf(place.job(), { pool: pool(0) })
      assert.equal(rowsIn(place.out).length, ALL, `${bytes} bytes`)
    }
  })

  test('is gone on with also where giving the parts their names was cut off', async () => {
    const place = new Place()
    place.order({ fails: ALL - 1 })
    await fail(rowsOf(place.job(), { pool: pool(2) }), /row/)
    place.order({})
    const [first, second] = place.kept.flatMap(({ parts }) => parts.map(({ name }) => name)) as [string, string]
    for (const name of [first, second]) {
      cpSync(`${place.out}.unfinished/${name}`, `${place.out}${name}`)
      rmSync(`${place.out}.unfinished/${name}`)
    }
    await rowsOf(place.job(), { pool: pool(2) })
    assert.equal(rowsIn(place.out).length, ALL)
  })

  test('of a run that is complete goes, also where that was cut off', async () => {
    const place = new Place()
    await rowsOf(place.job(), { pool: pool(0) })
    const before = await failedPlace()
    cpSync(`${before.out}.unfinished`, `${place.out}.unfinished`, { recursive: true })
    appendFileSync(`${place.out}.unfinished/splits.jsonl`, '{"complete":true}\n')
    await fail(rowsOf(place.job(), { pool: pool(0) }), /SinkExists|already/)
    const run = place.job(to.jsonl(place.out, { resume, overwrite: true })).run({ pool: pool(0) })
    await run.collect()
    assert.equal(run.stats().rowsIn, ALL)
    assert.equal(rowsIn(place.out).length, ALL)
  })

  test('replaces older parts at the end, not before', async () => {
    const place = new Place()
    const job = (): Flow<Part> => place.job(to.jsonl(place.out, { resume, overwrite: true }))
    await rowsOf(job(), { pool: pool(2) })
    const there = readdirSync(place.out).sort()
    place.order({ fails: 1000 })
    await fail(rowsOf(job(), { pool: pool(2) }), /row/)
    assert.deepEqual(readdirSync(place.out).sort(), ['.unfinished', ...there])
    place.order({})
    await rowsOf(job(), { pool: pool(0) })
    assert.equal(rowsIn(place.out).length, ALL)
  })

  test('is refused by another flow, which is told what has changed', async () => {
    const place = await failedPlace()
    await fail(
      rowsOf(place.job(undefined, workedAnew), { pool: pool(0) }),
      /out\/ holds what another flow has not finished: the text of the function of step 1 \(map workedAnew\)|map worked\)/,
    )
    await fail(
      rowsOf(place.job(to.csv(place.out, { resume })), { pool: pool(0) }),
      /kind of the sink.* changed; run that one to its end, or remove .*out\/\.unfinished/,
    )
    const other = `${place.folder}/other.json`
    cpSync(place.orders, other)
    const job = flow(new URL('./stages/resuming.js', import.meta.url))
      .read(jsonl<Entry>(join(folder, 'in/*.jsonl')))
      .map(worked, { params: { orders: other }, setup: orders })
    await fail(rowsOf(job.write(to.jsonl(place.out, { resume })), { pool: pool(0) }), /: params of step 1 \(map worked\) has changed/)
    await rowsOf(place.job(), { pool: pool(0) })
    assert.equal(rowsIn(place.out).length, ALL)
  })

  test('is refused over other files, with what has changed', async () => {
    const place = await failedPlace()
    const extra = join(folder, 'in/extra.jsonl')
    writeFileSync(extra, '{"id":0,"text":""}\n')
    await fail(rowsOf(place.job(), { pool: pool(0) }), /begun over other files: .*extra\.jsonl is new; bring back/)
    rmSync(extra)
    const first = join(folder, 'in/00.jsonl')
    const text = readFileSync(first)
    rmSync(first)
    await fail(rowsOf(place.job(), { pool: pool(0) }), /00\.jsonl is gone/)
    writeFileSync(first, text)
    utimesSync(first, 1, 1)
    await fail(rowsOf(place.job(), { pool: pool(0) }), /00\.jsonl has changed/)
    const head = JSON.parse(readFileSync(`${place.out}.unfinished/splits.jsonl`, 'utf8').split('\n')[0] as string)
    assert.equal(head.files.length, FILES + 1)
    rmSync(`${place.out}.unfinished`, { recursive: true })
    await rowsOf(place.job(), { pool: pool(0) })
    assert.equal(rowsIn(place.out).length, ALL)
  })

  test('is refused where it is damaged or another run is writing it; without resume too', async () => {
    const place = await failedPlace()
    const unfinished = `${place.out}.unfinished`
    await fail(rowsOf(place.job(to.jsonl(place.out)), { pool: pool(0) }), /has \.unfinished already: give resume: true/)
    const [{ parts }] = place.kept as [Place['kept'][number]]
    const part = `${unfinished}/${(parts[0] as { name: string }).name}`
    const bytes = readFileSync(part)
    appendFileSync(part, 'more')
    await fail(rowsOf(place.job(), { pool: pool(0) }), /has lost \.unfinished\/part-.*, or it was changed/)
    writeFileSync(part, bytes)
    const record = `${unfinished}/splits.jsonl`
    const text = readFileSync(record, 'utf8')
    writeFileSync(record, text.replace('\n{', '\n?'))
    await fail(rowsOf(place.job(), { pool: pool(0) }), /line 2: this is no record/)
    writeFileSync(record, text)
    const running = place.job().run({ pool: pool(2) })
    const rows = running[Symbol.asyncIterator]()
    await rows.next()
    await fail(rowsOf(place.job(), { pool: pool(0) }), /is being written by another run/)
    while ((await rows.next()).done !== true);
    assert.equal(rowsIn(place.out).length, ALL)
  })
})
