import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Row } from '../../src/columnar/schema.js'
import { type Cursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { SinkEvent } from '../../src/flow/sinks/part-writer.js'
import { type PartOptions, to } from '../../src/flow.js'
import { FakeDisk } from '../support/fake-disk.js'
import { drain, hasty, pipeline, RowsCursor } from './support.js'

const ROWS: Row[] = Array.from({ length: 5 }, (_none, n) => ({ n, t: `row ${n}` }))
const LINE = '{"n":0,"t":"row 0"}\n'

/** One operator over rows given by hand, on a disk in memory. */
async function sink(
  op: 'write' | 'tee',
  path: string,
  more: { options?: PartOptions; disk?: FakeDisk; rows?: Row[]; pauses?: boolean } = {},
): Promise<{ cursor: Cursor<Row>; input: RowsCursor; events: SinkEvent[]; disk: FakeDisk }> {
  const { options = {}, disk = new FakeDisk(), rows = ROWS, pauses = false } = more
  const events: SinkEvent[] = []
  const input = new RowsCursor(rows, pauses)
  const sinks = { cwd: '/here', worker: 7, mark: 'm', partsBefore: 0, disk, tell: (event: SinkEvent) => events.push(event) }
  const cursor = await pipeline([{ op, sink: to.jsonl(path, options).sink }], input, { sinks, ...(pauses && { slice: hasty() }) })
  return { cursor, input, events, disk }
}

describe('write', () => {
  test('gives one row for the file, which has a temporary name and all rows, one a line', async () => {
    for (const pauses of [false, true]) {
      const { cursor, disk, events } = await sink('write', 'out/a.jsonl', { pauses })
      const text = ROWS.map((row) => `${JSON.stringify(row)}\n`).join('')
      assert.deepEqual(drain(cursor), [{ file: 'out/a.jsonl', rows: 5, bytes: text.length }])
      assert.equal(cursor.next(), END)
      assert.deepEqual([...disk.files], [['/here/out/.a.jsonl.m.tmp', text]])
      assert.equal(disk.open.size, 0)
      assert.deepEqual(events, [
        { kind: 'wrote', sink: 'out/a.jsonl', name: 'a.jsonl', rows: 5, bytes: text.length },
        { kind: 'sunk', sink: 'out/a.jsonl' },
      ])
    }
  })

  test('to a folder begins the next part after so many rows, or once it has so many bytes', async () => {
    const cases: [PartOptions, number[]][] = [
      [{}, [5]],
      [{ rowsPerPart: 2 }, [2, 2, 1]],
      [{ rowsPerPart: 5 }, [5]],
      [{ bytesPerPart: 1 }, [1, 1, 1, 1, 1]],
      [{ bytesPerPart: LINE.length + 1 }, [2, 2, 1]],
      [{ bytesPerPart: LINE.length + 1, rowsPerPart: 1 }, [1, 1, 1, 1, 1]],
    ]
    for (const [options, rows] of cases) {
      const { cursor, disk } = await sink('write', 'out/', { options })
      const parts = rows.map((count, i) => ({ file: `out/part-7-${i + 1}.jsonl`, rows: count, bytes: LINE.length * count }))
      assert.deepEqual(drain(cursor), parts)
      assert.deepEqual([...disk.files.keys()].slice(0, 2), rows.map((_count, i) => `/here/out/.part-7-${i + 1}.jsonl.m.tmp`).slice(0, 2))
      assert.equal([...disk.files.values()].join(''), ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''))
    }
  })

  test('of no rows makes an empty file, and in a folder no part', async () => {
    const one = await sink('write', 'a.jsonl', { rows: [] })
    assert.deepEqual(drain(one.cursor), [{ file: 'a.jsonl', rows: 0, bytes: 0 }])
    assert.deepEqual([...one.disk.files], [['/here/.a.jsonl.m.tmp', '']])
    const parts = await sink('write', 'a/', { rows: [] })
    assert.deepEqual(drain(parts.cursor), [])
    assert.deepEqual([parts.disk.files.size, parts.events], [0, [{ kind: 'sunk', sink: 'a/' }]])
  })
})

describe('tee', () => {
  test('passes each row on as soon as it comes, and is done at the end of its input', async () => {
    const { cursor, input, events, disk } = await sink('tee', 'a.jsonl')
    for (const [i, row] of ROWS.entries()) {
      assert.equal(cursor.next(), row)
      assert.equal(input.taken, i + 1)
    }
    assert.deepEqual(events, [])
    assert.deepEqual([cursor.next(), cursor.next()], [END, END])
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['wrote', 'sunk'],
    )
    assert.equal([...disk.files.values()].join('').split('\n').length, 6)
  })

  test('passes pauses on, too', async () => {
    const { cursor } = await sink('tee', 'a.jsonl', { pauses: true })
    assert.equal(cursor.next(), PAUSE)
    assert.deepEqual(drain(cursor), ROWS)
  })
})

test('a sink that is closed before the end tells nothing of what it has not finished, holds no file and gives no more rows', async () => {
  for (const op of ['write', 'tee'] as const) {
    const { cursor, input, events, disk } = await sink(op, 'a.jsonl', { pauses: true })
    for (let i = 0; i < 5; i++) cursor.next()
    assert.equal(disk.open.size, 1)
    cursor.close()
    cursor.close()
    assert.deepEqual([disk.open.size, input.closed, events, cursor.next()], [0, 2, [], END])
  }
})

test('what the disk refuses is SinkWrite, with the file and the cause; nothing stays open', async () => {
  const calls = { create: 'make', write: `write ${5 * LINE.length} bytes behind 0 to`, close: 'close' } as const
  for (const op of ['write', 'tee'] as const) {
    for (const [call, doing] of Object.entries(calls)) {
      for (const code of ['ENOSPC', 'EACCES', 'EISDIR']) {
        const disk = new FakeDisk().failOn(call as keyof typeof calls, code)
        const { cursor, events } = await sink(op, 'out/a.jsonl', { disk })
        assert.throws(
          () => drain(cursor),
          (error: Error & { code: string; file: string; cause: { code: string } }) => {
            assert.deepEqual([error.code, error.file, error.cause.code], ['SinkWrite', 'out/a.jsonl', code])
            assert.equal(
              error.message,
              `could not ${doing} out/a.jsonl: ${code}: as if ${call} failed; make room there, or write to another place`,
            )
            return true
          },
        )
        cursor.close()
        assert.deepEqual([disk.open.size, events], [0, []])
      }
    }
  }
})

test('a disk that is full in the midst of a part of a folder is told with the name of the part', async () => {
  const disk = new FakeDisk().failOn('write', 'ENOSPC', 1)
  const { cursor, events } = await sink('write', 'out/', { disk, options: { rowsPerPart: 2 } })
  assert.throws(() => drain(cursor), { code: 'SinkWrite', file: 'out/part-7-2.jsonl' })
  assert.equal(events.length, 1)
})

test('blocks are written as they fill, so that what is kept stays small', async () => {
  const disk = new FakeDisk()
  const rows = Array.from({ length: 3000 }, (_none, n) => ({ n, t: 'x'.repeat(1000) }))
  const { cursor } = await sink('tee', 'a.jsonl', { disk, rows })
  const path = '/here/.a.jsonl.m.tmp'
  let most = 0
  for (let i = 1; i <= rows.length; i++) {
    cursor.next()
    most = Math.max(most, i * 1000 - (disk.files.get(path)?.length ?? 0))
  }
  assert.ok(most <= 300_000, `${most} characters are kept`)
  drain(cursor)
  assert.equal(disk.files.get(path)?.split('\n').length, 3001)
})
