import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { csv, type Flow, type FlowRun, flow, jsonl, type Part, parquet, to } from 'millrace/flow'
import type { AnyFlow } from './oracle.js'
import { exits } from './stages/dying.js'
import { mapThrows } from './stages/failing.js'
import { errorOf, LINKED, rowsOf, sorted, start, temporaryFolder, useWays, type Way, writeFiles } from './support.js'

const ROWS = 1600
const FILES = 4

type Row = { id: number; text: string }

const folder = temporaryFolder()
const { ways } = useWays([0, 2], LINKED)
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)
const ALL: Row[] = Array.from({ length: ROWS }, (_none, id) => ({ id, text: `the text of row ${id}` }))

before(async () => {
  const perFile = ROWS / FILES
  const files = Array.from({ length: FILES }, (_none, file) => ALL.slice(file * perFile, (file + 1) * perFile))
  await writeFiles(folder, Object.fromEntries(files.map((rows, file) => [`in/${file}.jsonl`, linesOf(rows)])))
  await writeFiles(folder, { 'none/none.jsonl': '' })
})

function linesOf(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

const read = (module = 'failing', pattern = 'in/*.jsonl'): Flow<Row> =>
  flow(new URL(`./stages/${module}.js`, import.meta.url)).read(jsonl<Row>(join(folder, pattern)))

/** A new empty folder to write to. */
function newFolder(): string {
  return mkdtempSync(join(folder, 'out-'))
}

function rowsIn(...path: string[]): Row[] {
  const text = readFileSync(join(...path), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row)
}

interface Manifest {
  version: number
  format: string
  rows: number
  bytes: number
  parts: { file: string; rows: number; bytes: number }[]
}

/** The rows of all parts of a folder, whose manifest says what is there. */
function rowsInParts(path: string): Row[] {
  const manifest = JSON.parse(readFileSync(join(path, '_manifest.json'), 'utf8')) as Manifest
  const { parts } = manifest
  assert.deepEqual(readdirSync(path).sort(), [...parts.map(({ file }) => file), '_manifest.json'].sort())
  const found = parts.map(({ file }) => ({ rows: rowsIn(path, file).length, bytes: readFileSync(join(path, file)).length }))
  assert.deepEqual(
    parts.map(({ rows, bytes }) => ({ rows, bytes })),
    found,
  )
  const sum = (of: 'rows' | 'bytes'): number => found.reduce((total, part) => total + part[of], 0)
  assert.deepEqual([manifest.version, manifest.rows, manifest.bytes], [1, sum('rows'), sum('bytes')])
  return parts.flatMap(({ file }) => rowsIn(path, file))
}

describe('write', () => {
  test('puts all rows into one file, in a folder that it makes, and gives its name, rows and bytes', async () => {
    for (const way of ways) {
      const out = newFolder()
      const parts = await rowsOf(read().write(to.jsonl('a/b/all.jsonl')), { ...way.options, cwd: out })
      assert.deepEqual(sorted(rowsIn(out, 'a/b/all.jsonl')), sorted(ALL), way.name)
      assert.deepEqual(parts, [{ file: 'a/b/all.jsonl', rows: ROWS, bytes: linesOf(ALL).length }])
      assert.deepEqual(readdirSync(join(out, 'a/b')), ['all.jsonl'])
    }
  })

  test('keeps the order of a sort', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      await rowsOf(
        read()
          .sort('text')
          .write(to.jsonl(`${out}/one.jsonl`)),
        way.options,
      )
      const expected = [...ALL].sort((a, b) => (a.text < b.text ? -1 : 1))
      assert.deepEqual(rowsIn(out, 'one.jsonl'), expected, way.name)
      await rowsOf(
        read()
          .sort('text')
          .write(to.jsonl(`${out}/parts/`, { rowsPerPart: 700 })),
        way.options,
      )
      assert.deepEqual(rowsInParts(`${out}/parts`), expected, way.name)
    }
  })

  test('puts them into parts of a folder, those of each worker, with a manifest', async () => {
    for (const way of ways) {
      const out = newFolder()
      const parts = await rowsOf(read().write(to.jsonl('parts/', { rowsPerPart: 300 })), { ...way.options, cwd: out })
      assert.deepEqual(sorted(rowsInParts(join(out, 'parts'))), sorted(ALL), way.name)
      assert.deepEqual(sorted(parts.map(({ file }) => file)), sorted(partsIn(`${out}/parts`).map((name) => `parts/${name}`)))
      assert.ok(parts.every(({ file, rows }) => rows <= 300 && /^parts\/part-[12]-\d+\.jsonl$/.test(file)))
    }
  })

  test('replaces a file that is there, which may be the one that is read', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      writeFileSync(join(out, 'a.jsonl'), linesOf(ALL))
      const job = flow(new URL('./stages/failing.js', import.meta.url))
        .read(jsonl<Row>(`${out}/a.jsonl`))
        .distinct('id')
        .sort('id')
        .write(to.jsonl(`${out}/a.jsonl`))
      await rowsOf(job, way.options)
      assert.deepEqual(
        rowsIn(out, 'a.jsonl'),
        ALL.map(({ id }) => ({ id })),
        way.name,
      )
    }
  })

  test('of no rows leaves an empty file, and a folder without parts', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      const none = read('failing', 'none/*.jsonl')
      assert.deepEqual(await rowsOf(none.write(to.jsonl(`${out}/a.jsonl`)), way.options), [{ file: `${out}/a.jsonl`, rows: 0, bytes: 0 }])
      assert.deepEqual(await rowsOf(none.write(to.jsonl(`${out}/parts/`)), way.options), [])
      assert.deepEqual([readFileSync(join(out, 'a.jsonl'), 'utf8'), rowsInParts(join(out, 'parts'))], ['', []], way.name)
    }
  })

  test('its rows are rows: another step may take them', async () => {
    for (const way of defaultWays) {
      const job = read()
        .write(to.jsonl(`${newFolder()}/`, { rowsPerPart: ROWS / FILES / 2 }))
        .groupBy('rows', (a) => ({ parts: a.count() }))
      const sizes = await rowsOf(job, way.options)
      assert.equal(
        sizes.reduce((sum, { rows, parts }) => sum + rows * parts, 0),
        ROWS,
        way.name,
      )
    }
  })
})

test('CSV has a row of names in every part, and one of no rows too where the columns are named', async () => {
  for (const way of defaultWays) {
    const out = newFolder()
    const columns = ['text', 'id'] as const
    await rowsOf(read().write(to.csv(`${out}/parts/`, { columns, rowsPerPart: 300 })), way.options)
    const names = partsIn(`${out}/parts`).filter((name) => name.endsWith('.csv'))
    assert.ok(names.length >= ROWS / 300, way.name)
    for (const name of names) assert.match(readFileSync(`${out}/parts/${name}`, 'utf8'), /^text,id\nthe text of row \d+,\d+\n/)
    const again = flow(new URL('./stages/failing.js', import.meta.url)).read(
      csv(`${out}/parts/*.csv`, { columns: { text: 'utf8', id: 'float64' } }),
    )
    assert.deepEqual(sorted(await rowsOf(again, way.options)), sorted(ALL.map(({ text, id }) => ({ text, id }))))
    const none = read('failing', 'none/*.jsonl')
    await rowsOf(none.tee(to.csv(`${out}/a.csv`)).write(to.csv(`${out}/b.csv`, { columns })), way.options)
    assert.deepEqual([readFileSync(`${out}/a.csv`, 'utf8'), readFileSync(`${out}/b.csv`, 'utf8')], ['', 'text,id\n'])
    const error = await errorOf(rowsOf(read().write(to.csv(`${out}/c.csv`, { columns: ['id'] })), way.options))
    assert.equal(error.code, 'SinkColumn')
    assert.match(error.message, /^stage 1 write .*c\.csv: row 1 has a column "text", where columns names id: /)
    assert.deepEqual(readdirSync(out).sort(), ['a.csv', 'b.csv', 'parts'])
  }
})

test('Parquet is read again, from one file and from parts', async () => {
  for (const way of defaultWays) {
    const out = newFolder()
    const columns = { id: 'float64', text: 'utf8' } as const
    const job = read()
      .tee(to.parquet(`${out}/one.parquet`, { columns, rowGroupRows: 100 }))
      .exchange.roundRobin()
      .write(to.parquet(`${out}/parts/`, { rowsPerPart: 150, rowGroupRows: 100, compression: 'uncompressed' }))
    const parts = await rowsOf(job, way.options)
    assert.equal(
      parts.reduce((sum, { rows }) => sum + rows, 0),
      ROWS,
      way.name,
    )
    for (const pattern of ['one.parquet', 'parts/*.parquet']) {
      const again = flow(new URL('./stages/failing.js', import.meta.url)).read(parquet(`${out}/${pattern}`, { columns }))
      assert.deepEqual(sorted(await rowsOf(again, way.options)), sorted(ALL), `${way.name}, ${pattern}`)
    }
    const error = await errorOf(
      rowsOf(read().write(to.parquet(`${out}/b.parquet`, { columns: { id: 'float64', text: 'int32' } })), way.options),
    )
    assert.equal(error.code, 'SinkColumn')
    assert.match(error.message, /^stage 1 write .*b\.parquet: row 1: column "text" is int32, not "the text of row \d+"/)
    assert.deepEqual(readdirSync(out), ['one.parquet', 'parts'])
  }
})

function partsIn(path: string): string[] {
  return readdirSync(path).filter((name) => name !== '_manifest.json')
}

test('tee writes what passes and passes it on; a flow may have several sinks', async () => {
  for (const way of ways) {
    const out = newFolder()
    const job = read()
      .tee(to.jsonl('raw/'))
      .groupBy('text', (a) => ({ id: a.max('id') }))
      .tee(to.jsonl('grouped.jsonl'))
      .sort('id')
      .limit(3)
    const rows = await rowsOf(job, { ...way.options, cwd: out })
    assert.deepEqual(
      rows.map(({ id }) => id),
      [0, 1, 2],
    )
    assert.deepEqual(sorted(rowsInParts(join(out, 'raw'))), sorted(ALL), way.name)
    assert.deepEqual(sorted(rowsIn(out, 'grouped.jsonl')), sorted(ALL.map(({ id, text }) => ({ text, id }))), way.name)
    assert.deepEqual(readdirSync(out).sort(), ['grouped.jsonl', 'raw'])
  }
})

describe('a run that does not end well leaves what was there, and nothing else', () => {
  /** A sink of each kind, both into the folder, in which there is a file of an earlier run. */
  const both = (job: Flow<Row>, out: string): Flow<Row> =>
    job.tee(to.jsonl(`${out}/new/parts/`, { rowsPerPart: 100 })).tee(to.jsonl(`${out}/old.jsonl`))

  const prepared = (): string => {
    const out = newFolder()
    writeFileSync(join(out, 'old.jsonl'), 'old\n')
    return out
  }
  const isUntouched = (out: string, why: string): void => {
    assert.deepEqual(readdirSync(out), ['old.jsonl'], why)
    assert.equal(readFileSync(join(out, 'old.jsonl'), 'utf8'), 'old\n', why)
  }

  test('when its consumer leaves, at the first row or at the last', async () => {
    for (const way of defaultWays) {
      for (const rows of [1, ROWS]) {
        const out = prepared()
        let seen = 0
        for await (const _row of start(both(read(), out), way.options)) if (++seen === rows) break
        isUntouched(out, `${way.name}, after ${rows}`)
      }
      const out = prepared()
      for await (const _part of start(read().write(to.jsonl(`${out}/new.jsonl`)), way.options)) break
      isUntouched(out, way.name)
    }
  })

  test('when a stage throws, before the sinks or behind them', async () => {
    const params = { at: ROWS - 100 }
    const shapes: ((out: string) => AnyFlow)[] = [
      (out) => both(read().map(mapThrows, { params }) as unknown as Flow<Row>, out),
      (out) => both(read(), out).map(mapThrows, { params }),
      (out) => both(read(), out).sort('id').map(mapThrows, { params }),
    ]
    for (const way of ways) {
      for (const shape of shapes) {
        const out = prepared()
        assert.equal((await errorOf(rowsOf(shape(out), way.options))).name, 'MillError')
        isUntouched(out, way.name)
      }
    }
  })

  test('when it is cancelled, once anything was written or before', async () => {
    for (const way of defaultWays) {
      for (const turns of [0, 1, 5, 20, 80]) {
        const out = prepared()
        const run = start(both(read(), out), way.options)
        const end = run.collect().then(
          () => undefined,
          (error: unknown) => error as { code?: unknown },
        )
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        await run.cancel('enough')
        const error = await end
        // It may have ended well before.
        if (error === undefined) assert.deepEqual(readdirSync(out).sort(), ['new', 'old.jsonl'])
        else {
          assert.equal(error.code, 'Cancelled')
          isUntouched(out, `${way.name}, after ${turns}`)
        }
        assert.ok(turns > 1 || error !== undefined)
      }
      const out = prepared()
      const run = start(both(read(), out), way.options)
      const iterator = run[Symbol.asyncIterator]()
      await iterator.next()
      await run.cancel()
      isUntouched(out, way.name)
    }
  })

  test('when a worker dies', async () => {
    for (const kind of ['thread', 'process'] as const) {
      const out = prepared()
      const job = both(read('dying'), out).map(exits, { params: { at: `the text of row ${ROWS - 1}` } })
      assert.equal((await errorOf(job.run({ workers: 2, kind }).collect())).code, 'PeerLost', kind)
      isUntouched(out, kind)
    }
  })

  test('when a row behind the sinks has another type than one on another worker', async () => {
    await writeFiles(folder, { 'mixed/a.jsonl': `{"a":1}\n${' '.repeat(70_000)}\n{"a":"text"}\n` })
    for (const way of defaultWays) {
      const out = prepared()
      const job = both(read('failing', 'mixed/*.jsonl'), out)
      assert.equal((await errorOf(rowsOf(job, way.options))).code, 'ColumnType')
      isUntouched(out, way.name)
    }
  })

  test('when something needed no more rows before all were written', async () => {
    for (const way of defaultWays) {
      const out = prepared()
      const job = both(read(), out).join(read('failing', 'none/*.jsonl'), { on: 'id', kind: 'semi' })
      const error = await errorOf(rowsOf(job, way.options))
      assert.deepEqual([error.code, error.message.includes('was not written')], ['SinkIncomplete', true], way.name)
      isUntouched(out, way.name)
    }
  })

  test('when a file cannot get its name, because there is a folder now', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      const job = read()
        .tee(to.jsonl(`${out}/parts/`))
        .tee(to.jsonl(`${out}/a.jsonl`))
      const run = start(job, way.options)
      const end = errorOf(
        (async () => {
          for await (const _row of run) if (!existsSync(join(out, 'a.jsonl'))) mkdirSync(join(out, 'a.jsonl'))
        })(),
      )
      const error = await end
      assert.equal(error.code, 'SinkWrite', error.stack)
      assert.match(error.message, /^could not rename to .*a\.jsonl \(\d are in their place already, the last .*\.jsonl\): E/)
      assert.deepEqual(readdirSync(out), ['a.jsonl', 'parts'])
      // Parts without a manifest: whoever reads that first sees that the folder is not complete.
      assert.ok(partsIn(join(out, 'parts')).every((name) => /^part-\d-1\.jsonl$/.test(name)))
      assert.equal(existsSync(join(out, 'parts/_manifest.json')), false)
    }
  })
})

describe('a folder that has parts', () => {
  test('is refused, before anything is read', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      const job = read().write(to.jsonl(`${out}/`))
      await rowsOf(job, way.options)
      const run = start(job, way.options)
      const error = await errorOf(run.collect())
      assert.equal(error.code, 'SinkExists')
      assert.match(error.message, /has (part-\d-1\.jsonl|_manifest\.json) already: name another folder, or give overwrite: true/)
      assert.deepEqual([run.stats().rowsIn, sorted(rowsInParts(out))], [0, sorted(ALL)])
    }
  })

  test('by another run that ended meanwhile is refused at the end, and what that wrote stays', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      const first = start(read().tee(to.jsonl(`${out}/`)), way.options)
      const rows = first[Symbol.asyncIterator]()
      await rows.next()
      await rowsOf(
        read()
          .distinct('id')
          .write(to.jsonl(`${out}/`)),
        way.options,
      )
      const error = await errorOf(
        (async () => {
          while ((await rows.next()).done !== true);
        })(),
      )
      assert.equal(error.code, 'SinkExists', way.name)
      assert.deepEqual(sorted(rowsInParts(out)), sorted(ALL.map(({ id }) => ({ id }))))
    }
  })

  test('is replaced with overwrite, at the end of a run that ends well', async () => {
    for (const way of defaultWays) {
      const out = newFolder()
      await rowsOf(read().write(to.jsonl(`${out}/`, { rowsPerPart: 100 })), way.options)
      writeFileSync(join(out, 'mine.txt'), 'mine')
      writeFileSync(join(out, 'part-1-1.csv'), 'mine')
      const again = to.jsonl(`${out}/`, { overwrite: true })
      const failing = read()
        .tee(again)
        .map(mapThrows, { params: { at: 7 } })
      await errorOf(rowsOf(failing, way.options))
      assert.equal(readdirSync(out).filter((name) => /^part.*jsonl$/.test(name)).length >= ROWS / 100, true, way.name)
      await rowsOf(
        read()
          .distinct('id')
          .write(again as never),
        way.options,
      )
      const names = readdirSync(out)
      assert.deepEqual(
        names.filter((name) => !/^part-[12]-1\.jsonl$/.test(name)).sort(),
        ['_manifest.json', 'mine.txt', 'part-1-1.csv'],
        way.name,
      )
      const { rows } = JSON.parse(readFileSync(join(out, '_manifest.json'), 'utf8')) as Manifest
      assert.equal(rows, ROWS)
    }
  })
})

test('two sinks of one path, a folder for a file and what is no file are refused before anything is read', async () => {
  const out = newFolder()
  mkdirSync(join(out, 'folder'))
  const cases: [AnyFlow, string, RegExp][] = [
    [read().tee(to.jsonl('a.jsonl')).write(to.jsonl('./a.jsonl')), 'InvalidArgument', /two sinks of the flow write to \.\/a\.jsonl/],
    [
      read()
        .tee(to.jsonl('a/'))
        .union(read().tee(to.jsonl('a/'))),
      'InvalidArgument',
      /two sinks/,
    ],
    [read().write(to.jsonl('folder')), 'SinkWrite', /folder is a folder: end it with \/ to write parts/],
    [read().write(to.jsonl('/dev/null')), 'SinkWrite', /\/dev\/null is no regular file/],
    [read().write(to.jsonl(`${folder}/in/0.jsonl/`)), 'SinkWrite', /could not write to .*0\.jsonl\/: E/],
  ]
  for (const [job, code, message] of cases) {
    const run = start(job as Flow<Part>, { ...(ways[0] as Way).options, cwd: out }) as FlowRun<Part>
    const error = await errorOf(run.collect())
    assert.equal(error.code, code, error.stack)
    assert.match(error.message, message)
    assert.equal(run.stats().rowsIn, 0)
    assert.deepEqual(readdirSync(out), ['folder'])
  }
})

test('a process that is killed leaves no name, and what it leaves goes when a run writes there again', async () => {
  const out = newFolder()
  const program = fileURLToPath(new URL('./fixtures/dies-writing.js', import.meta.url))
  const { signal, stderr } = spawnSync(process.execPath, [program, `${folder}/in/*.jsonl`, out], { encoding: 'utf8' })
  assert.equal(signal, 'SIGKILL', stderr)
  const left = [...readdirSync(out), ...readdirSync(`${out}/parts`)].filter((name) => name !== 'parts')
  assert.ok(left.length > 0)
  assert.ok(
    left.every((name) => /^\..*\.jsonl\.millrace-.*\.tmp$/.test(name)),
    left.join(),
  )
  await rowsOf(
    read()
      .tee(to.jsonl(`${out}/parts/`))
      .tee(to.jsonl(`${out}/one.jsonl`)),
    (ways[0] as Way).options,
  )
  assert.deepEqual(readdirSync(out).sort(), ['one.jsonl', 'parts'])
  assert.deepEqual(rowsInParts(`${out}/parts`).length, ROWS)
})
