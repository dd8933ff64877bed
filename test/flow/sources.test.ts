import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { FileInputPlan } from '../../src/flow/plan.js'
import { enumerateSplits } from '../../src/flow/sources/enumerate.js'
import { isEof, PIECE_BYTES } from '../../src/flow/sources/feed.js'
import { openTextSource } from '../../src/flow/sources/open-source.js'
import type { SourceCursor } from '../../src/flow/sources/source-cursor.js'
import type { Split, SplitFile } from '../../src/flow/sources/split.js'
import { jsonl, lines } from '../../src/flow.js'
import { collect } from './support.js'

let cwd = ''
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'millrace-sources-'))
})
after(() => rm(cwd, { recursive: true }))

const LINES = lines('x').input
const JSONL = jsonl('x').input
const MODES = ['async', 'sync'] as const

function open(input: FileInputPlan, splits: readonly Split[], io: 'async' | 'sync'): SourceCursor {
  const queue = [...splits]
  return openTextSource(input, { nextSplit: async () => queue.shift(), cwd, io })
}

async function drainSource(source: SourceCursor): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const row = source.next()
    if (row === END) return rows
    if (row === PAUSE) await source.ready()
    else rows.push(row)
  }
}

/** The obvious reader: the whole file, cut at newlines. */
function naive(path: string, bytes: Buffer): Row[] {
  const rows: Row[] = []
  let offset = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  while (offset < bytes.length) {
    const newline = bytes.indexOf(10, offset)
    const end = newline < 0 ? bytes.length : newline
    rows.push({ text: bytes.toString('utf8', offset, end).replace(/\r$/, ''), file: path, offset })
    offset = end + 1
  }
  return rows
}

function cutAt(path: string, size: number, cuts: readonly number[]): SplitFile[] {
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (size + 1)), size])].sort((a, b) => a - b)
  return edges.slice(1).map((end, i) => ({ path, start: edges[i], end }))
}

for (const io of MODES) {
  test(`lines cut into ranges at random are exactly the lines of the file (${io})`, async () => {
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\r', 'a', 'plain text ', 'é', '漢字', '🦋', '\0', '\ufeff') },
      fc.string(),
    )
    let file = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (pieces, mark, cuts) => {
          const path = `random-${io}-${file++}`
          const bytes = Buffer.from((mark ? '\ufeff' : '') + pieces.join(''))
          await writeFile(join(cwd, path), bytes)
          const splits = cutAt(path, bytes.length, cuts).map((range, id) => ({ id, files: [range] }))
          const source = open(LINES, splits, io)
          const expected = naive(path, bytes)
          assert.deepEqual(await drainSource(source), expected)
          assert.equal(source.rowsRead, expected.length)
          assert.equal(source.bytesRead, bytes.length)
          assert.equal(source.splitsDone, splits.length)
          await rm(join(cwd, path))
        },
      ),
      { numRuns: 150 },
    )
  })

  test(`large files are read right across the borders of pieces, ASCII or not (${io})`, async () => {
    for (const [name, alphabet] of [
      ['ascii', ['a', ' ', 'word']],
      ['mixed', ['a', ' ', 'wörd', '漢', '🦋']],
    ] as const) {
      let text = ''
      for (let n = 0; text.length < 700_000; n++) text += `${alphabet[n % alphabet.length].repeat((n * 7919) % 90)}${n % 3 ? '\n' : '\r\n'}`
      text += `${'long '.repeat(60_000)}\nlast`
      const bytes = Buffer.from(text)
      const path = `large-${name}-${io}`
      await writeFile(join(cwd, path), bytes)
      const splits = cutAt(path, bytes.length, [100, 131_072, 262_143, 300_000, 650_000]).map((range, id) => ({ id, files: [range] }))
      assert.deepEqual(await drainSource(open(LINES, splits, io)), naive(path, bytes))
    }
  })

  test(`lines at the very border of a piece are right (${io})`, async () => {
    const filled = `${'x'.repeat(PIECE_BYTES - 1)}\n`
    const texts = [
      `${filled}\ufeffkept\nb\nc`,
      `${filled}\n\n`,
      `${'x'.repeat(PIECE_BYTES + 9)}\nb\nc\n`,
      `${'x'.repeat(PIECE_BYTES - 1)}\r\nb\n`,
    ]
    for (const [n, text] of texts.entries()) {
      const bytes = Buffer.from(text)
      const path = `border-${n}-${io}`
      await writeFile(join(cwd, path), bytes)
      for (const cut of [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PIECE_BYTES + 10, PIECE_BYTES + 2]) {
        const splits = cutAt(path, bytes.length, [cut]).map((range, id) => ({ id, files: [range] }))
        assert.deepEqual(await drainSource(open(LINES, splits, io)), naive(path, bytes), `text ${n} cut at ${cut}`)
      }
    }
  })

  test(`several files in one split follow each other, and the source says where it is (${io})`, async () => {
    await writeFile(join(cwd, 'one.txt'), 'a\nb')
    await writeFile(join(cwd, 'two.txt'), 'c\n')
    const source = open(
      LINES,
      [
        {
          id: 0,
          files: [
            { path: 'one.txt', start: 0, end: 3 },
            { path: 'two.txt', start: 0, end: 2 },
          ],
        },
      ],
      io,
    )
    assert.equal(source.current, undefined)
    const seen: unknown[] = []
    for (let row = source.next(); row !== END; row = source.next()) {
      if (row === PAUSE) await source.ready()
      else seen.push([row.text, source.current])
    }
    assert.deepEqual(seen, [
      ['a', { file: 'one.txt', offset: 0 }],
      ['b', { file: 'one.txt', offset: 2 }],
      ['c', { file: 'two.txt', offset: 0 }],
    ])
  })

  test(`jsonl gives the objects and skips blank lines (${io})`, async () => {
    const text = '{"a":1}\r\n\n  \t\n{"a":null,"__proto__":{"x":1},"c":"é"}\n'
    await writeFile(join(cwd, `good-${io}.jsonl`), text)
    const rows = await drainSource(
      open(JSONL, [{ id: 0, files: [{ path: `good-${io}.jsonl`, start: 0, end: Buffer.byteLength(text) }] }], io),
    )
    assert.equal(rows.length, 2)
    assert.deepEqual(Object.keys(rows[1]), ['a', '__proto__', 'c'])
    assert.equal(Object.getPrototypeOf(rows[1]), Object.prototype)
    assert.equal((rows[1] as { x?: number }).x, undefined)
  })

  test(`a line that is not a JSON object is an error with file, offset and reason (${io})`, async () => {
    for (const [line, reason] of [
      ['{"a":', /not valid JSON/],
      ['[1]', /must be a JSON object, this is an array/],
      ['3', /this is a number/],
      ['null', /this is null/],
      ['"x"', /this is a string/],
    ] as const) {
      const text = `{"a":"é"}\n${line}\n`
      await writeFile(join(cwd, `bad-${io}.jsonl`), text)
      const source = open(JSONL, [{ id: 0, files: [{ path: `bad-${io}.jsonl`, start: 0, end: Buffer.byteLength(text) }] }], io)
      await assert.rejects(drainSource(source), { code: 'SourceLine', file: `bad-${io}.jsonl`, offset: 11, message: reason })
      source.close()
    }
  })

  test(`a file that is gone is an error that names it, from ready and from next (${io})`, async () => {
    const source = open(LINES, [{ id: 0, files: [{ path: 'gone.txt', start: 0, end: 5 }] }], io)
    await assert.rejects(drainSource(source), { code: 'SourceRead', message: /^gone\.txt: ENOENT/ })
    await assert.rejects(source.ready(), { code: 'SourceRead' })
    assert.throws(() => source.next(), { code: 'SourceRead' })
    source.close()
  })

  test(`an error of handing out splits reaches the reader (${io})`, async () => {
    const source = openTextSource(LINES, { nextSplit: () => Promise.reject(new Error('leader gone')), cwd, io })
    await assert.rejects(drainSource(source), { message: 'leader gone' })
  })

  test(`the next split is asked for while one is worked on, and one more at most (${io})`, async () => {
    await writeFile(join(cwd, 'ahead.txt'), 'a\nb\n')
    let asked = 0
    const nextSplit = async (): Promise<Split | undefined> =>
      asked++ < 3 ? { id: asked, files: [{ path: 'ahead.txt', start: 0, end: 4 }] } : undefined
    const source = openTextSource(LINES, { nextSplit, cwd, io })
    while (source.next() === PAUSE) await source.ready()
    assert.ok(asked >= 2, 'one ahead')
    assert.ok(asked <= 3, 'not more')
    source.close()
    await source.ready()
  })

  test(`a closed source has no file open and gives END (${io})`, async () => {
    await writeFile(join(cwd, `closing-${io}.txt`), 'a line of text\n'.repeat(100_000))
    const source = open(LINES, [{ id: 0, files: [{ path: `closing-${io}.txt`, start: 0, end: 1_500_000 }] }], io)
    for (let rows = 0; rows < 10; ) {
      if (source.next() === PAUSE) await source.ready()
      else rows++
    }
    source.close()
    assert.equal(source.next(), END)
    await source.ready()
    assert.deepEqual(await openFiles(`closing-${io}.txt`), [])
    source.close()
  })

  test(`a file that shrank or grew since it was looked at gives the lines that are there (${io})`, async () => {
    await writeFile(join(cwd, 'shrunk.txt'), 'a\nb')
    assert.deepEqual((await drainSource(open(LINES, [{ id: 0, files: [{ path: 'shrunk.txt', start: 0, end: 500 }] }], io))).length, 2)
    await writeFile(join(cwd, 'grown.txt'), 'a\nbcd\ne\n')
    const rows = await drainSource(open(LINES, [{ id: 0, files: [{ path: 'grown.txt', start: 0, end: 3 }] }], io))
    assert.deepEqual(
      rows.map((row) => row.text),
      ['a', 'bcd'],
    )
  })
}

test('ready comes back while there are rows to give, and reading goes on undisturbed', async () => {
  const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `line ${n}\n`).join(''))
  await writeFile(join(cwd, 'eager.txt'), bytes)
  const source = open(LINES, [{ id: 0, files: [{ path: 'eager.txt', start: 0, end: bytes.length }] }], 'async')
  const rows: Row[] = []
  for (;;) {
    await Promise.all([source.ready(), source.ready()])
    const row = source.next()
    if (row === END) break
    if (row !== PAUSE) rows.push(row)
  }
  assert.deepEqual(rows, naive('eager.txt', bytes))
})

async function openFiles(name: string): Promise<string[]> {
  const fds = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.endsWith(name))
}

test('splits are in order of paths, each file once, large ones cut and small ones together', async () => {
  await mkdir(join(cwd, 'tree/sub'), { recursive: true })
  await writeFile(join(cwd, 'tree/b.txt'), 'x'.repeat(10))
  await writeFile(join(cwd, 'tree/a.txt'), 'x'.repeat(212 * 1024))
  await writeFile(join(cwd, 'tree/empty.txt'), '')
  await writeFile(join(cwd, 'tree/sub/c.txt'), 'x'.repeat(20))
  await writeFile(join(cwd, 'tree/sub/d.md'), 'x')
  const splits = await collect(enumerateSplits(lines(['tree/**/*.txt', 'tree/b.txt', '!tree/sub/z*']).input, { cwd }))
  assert.deepEqual(splits, [
    { id: 0, files: [{ path: 'tree/a.txt', start: 0, end: 65_536 }] },
    { id: 1, files: [{ path: 'tree/a.txt', start: 65_536, end: 131_072 }] },
    { id: 2, files: [{ path: 'tree/a.txt', start: 131_072, end: 196_608 }] },
    {
      id: 3,
      files: [
        { path: 'tree/a.txt', start: 196_608, end: 217_088 },
        { path: 'tree/b.txt', start: 0, end: 10 },
        { path: 'tree/sub/c.txt', start: 0, end: 20 },
      ],
    },
  ])
  assert.deepEqual(JSON.parse(JSON.stringify(splits)), splits)
})

test('splits cover every byte of every file once, whatever the sizes', async () => {
  const sizes = Array.from({ length: 60 }, (_, n) => ((n * 7919) % 97) ** 3)
  await mkdir(join(cwd, 'cover'))
  await Promise.all(sizes.map((size, n) => writeFile(join(cwd, `cover/${String(n).padStart(2, '0')}`), Buffer.alloc(size))))
  const splits = await collect(enumerateSplits(lines('cover/*').input, { cwd }))
  const covered = new Map<string, number>()
  for (const [id, split] of splits.entries()) {
    assert.equal(split.id, id)
    assert.ok(split.files.length > 0 && split.files.length <= 64)
    for (const { path, start, end } of split.files) {
      assert.equal(start, covered.get(path) ?? 0)
      assert.ok(end > start)
      covered.set(path, end)
    }
  }
  for (const [n, size] of sizes.entries()) assert.equal(covered.get(`cover/${String(n).padStart(2, '0')}`) ?? 0, size)
  const bytes = splits.map((split) => split.files.reduce((sum, file) => sum + file.end - file.start, 0))
  assert.ok(Math.max(...bytes) <= 1.25 * 1024 * 1024 && bytes[0] <= 80 * 1024)
})

test('absolute paths and patterns work, and a name with wildcard characters is that file', async () => {
  await mkdir(join(cwd, 'odd'))
  await writeFile(join(cwd, 'odd/[id].ts'), 'x')
  await writeFile(join(cwd, 'odd/i.ts'), 'y')
  const pathsOf = async (pattern: string) =>
    (await collect(enumerateSplits(lines(pattern).input, { cwd }))).flatMap((split) => split.files.map((file) => file.path))
  assert.deepEqual(await pathsOf('odd/[id].ts'), ['odd/[id].ts'])
  assert.deepEqual(await pathsOf(join(cwd, 'odd/i.ts')), [join(cwd, 'odd/i.ts')])
  assert.deepEqual(await pathsOf(join(cwd, 'odd/i*')), [join(cwd, 'odd/i.ts')])
})

test('what is not there is an error by name; allowEmpty accepts a pattern without matches, not a missing path', async () => {
  const rejected = async (input: FileInputPlan, message: RegExp) =>
    assert.rejects(collect(enumerateSplits(input, { cwd })), { code: 'SourceMissing', message })
  await rejected(lines('nothing.txt').input, /file "nothing\.txt" does not exist in/)
  await rejected(lines('nothing.txt', { allowEmpty: true }).input, /does not exist/)
  await rejected(lines(['odd/*.ts', 'nothing/*.txt']).input, /no file matches "nothing\/\*\.txt"/)
  await rejected(lines('tree').input, /tree is not a regular file/)
  assert.deepEqual(await collect(enumerateSplits(lines('nothing/*.txt', { allowEmpty: true }).input, { cwd })), [])
})

test('a read shorter than asked ends a file only behind its range', () => {
  const range = { path: 'a', start: 0, end: 100 }
  assert.equal(isEof(range, 0, 612, 50), false)
  assert.equal(isEof(range, 0, 612, 100), true)
  assert.equal(isEof(range, 0, 100, 100), false)
  assert.equal(isEof(range, 50, 562, 0), true)
})
