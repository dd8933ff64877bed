import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { flow, lines as publishedLines } from 'millrace/flow'
import xxhash from 'xxhash-wasm'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { enumerateSplits } from '../../src/flow/sources/enumerate.js'
import { inflate } from '../../src/flow/sources/inflate.js'
import { openTextSource } from '../../src/flow/sources/open-source.js'
import { csv, jsonl, lines, readBatches } from '../../src/flow.js'
import { collect } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'
const MIB = 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'millrace-compressed-'))
after(() => rmSync(folder, { recursive: true }))

const { h64Raw } = await xxhash()

type Format = 'gz' | 'zst'
const FORMATS = ['gz', 'zst'] as const
const MODES = ['sync', 'async'] as const

/** A frame of blocks as they are, and of one byte many times: what an encoder of zstd may always write. */
function zstdFrame(content: Buffer, blockBytes = content.length > 1000 ? 0x2_0000 : 10): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at === 0 || at < content.length; at += blockBytes) {
    const block = content.subarray(at, at + blockBytes)
    const isLast = at + blockBytes >= content.length ? 1 : 0
    const isRun = block.length > 3 && block.every((byte) => byte === block[0])
    const header = Buffer.alloc(3)
    header.writeUIntLE((block.length << 3) | (isRun ? 2 : 0) | isLast, 0, 3)
    blocks.push(header, isRun ? block.subarray(0, 1) : block)
  }
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE(Number(BigInt.asUintN(32, h64Raw(content))))
  // A window of 1 MiB, with a checksum.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 10 << 3]), ...blocks, checksum])
}

function compress(format: Format, content: Buffer): Buffer {
  return format === 'gz' ? gzipSync(content) : zstdFrame(content)
}

/** The rows of a file with these bytes, without its name. */
async function textsOf(io: 'sync' | 'async', name: string, bytes: Uint8Array): Promise<{ text: unknown; offset: unknown }[]> {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  const splits = await collect(enumerateSplits(lines(path).input))
  const source = openTextSource(lines(path).input, { io, nextSplit: async () => splits.shift() })
  const rows: { text: unknown; offset: unknown }[] = []
  try {
    for (let row = source.next(); row !== END; row = source.next()) {
      if (row === PAUSE) await source.ready()
      else rows.push({ text: row.text, offset: row.offset })
    }
    assert.equal(source.bytesRead, bytes.length)
    return rows
  } finally {
    source.close()
    await source.ready().catch(() => {})
    assert.deepEqual(openFiles(name), [])
  }
}

function openFiles(name: string): string[] {
  const paths = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return paths.filter((path) => path.endsWith(name))
}

const piece = fc.oneof(fc.constantFrom('\n', '\r\n', 'a', 'plain text ', 'é', '漢字', '🦋', 'aaaaaaaaaa'), fc.string())

for (const format of FORMATS) {
  for (const io of MODES) {
    test(`the lines of members and frames one after the other are those of the text (${format}, ${io})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(), { maxLength: 4 }), async (pieces, cuts) => {
          const text = Buffer.from(`x${pieces.join('')}`)
          const edges = [...new Set([0, ...cuts.map((cut) => cut % text.length), text.length])].sort((a, b) => a - b)
          const parts = edges.slice(1).map((end, i) => compress(format, text.subarray(edges[i], end)))
          assert.deepEqual(await textsOf(io, `random.${format}`, Buffer.concat(parts)), await textsOf(io, 'random.txt', text))
        }),
        { numRuns: FULL ? 1000 : 20 },
      )
    })

    test(`a file that is cut short anywhere is an error that says where, never fewer rows (${format}, ${io})`, async () => {
      const bytes = compress(format, Buffer.from('one\ntwo\nthree\nthree\n'))
      for (let end = 1; end < bytes.length; end++) {
        const error = await textsOf(io, `short.${format}`, bytes.subarray(0, end)).then(
          () => assert.fail(`${end} of ${bytes.length} bytes are taken for the whole`),
          (thrown) => thrown,
        )
        assert.equal(error.code, 'SourceRead')
        assert.ok(error.file.endsWith(`short.${format}`) && error.offset <= end, error.message)
      }
    })

    test(`a damaged byte is an error, or changes nothing (${format}, ${io})`, async () => {
      const text = Buffer.from('one\ntwo\nthree\nthree\n')
      const bytes = compress(format, text)
      const expected = await textsOf(io, 'sound.txt', text)
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Buffer.from(bytes)
        damaged[at] ^= 1 << (at % 8)
        const rows = await textsOf(io, `damaged.${format}`, damaged).catch((error) => {
          assert.equal(error.code, 'SourceRead', error.message)
          return expected
        })
        assert.deepEqual(rows, expected, `byte ${at}`)
      }
    })
  }

  test(`jsonl and csv read .${format} too, several in a split and among others`, async () => {
    writeFileSync(join(folder, 'a.jsonl'), '{"n":1}\n')
    writeFileSync(join(folder, `b.jsonl.${format}`), compress(format, Buffer.from('{"n":2}\n{"n":3}\n')))
    writeFileSync(join(folder, `c.jsonl.${format.toUpperCase()}`), compress(format, Buffer.from('{"n":4}')))
    writeFileSync(join(folder, `d.jsonl.${format}`), compress(format, Buffer.alloc(0)))
    const jsonRows = await collect(readBatches(jsonl('*.jsonl{,.*}'), { cwd: folder }))
    assert.deepEqual(jsonRows.flat(), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
    writeFileSync(join(folder, `a.csv.${format}`), compress(format, Buffer.from('a,b\n1,"x\ny"\n2,\n')))
    const csvRows = await collect(readBatches(csv(`*.csv.${format}`, { columns: { a: 'int32', b: 'utf8?' } }), { cwd: folder }))
    assert.deepEqual(csvRows.flat(), [
      { a: 1, b: 'x\ny' },
      { a: 2, b: null },
    ])
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
  })

  test(`a compressed file is one split, however large (${format})`, async () => {
    const path = join(folder, `large.${format}`)
    writeFileSync(path, Buffer.alloc(3 * MIB))
    const splits = await collect(enumerateSplits(lines(path).input))
    assert.deepEqual(splits, [{ id: 0, files: [{ path, start: 0, end: 3 * MIB }] }])
    rmSync(path)
  })

  test(`left in the midst of a file, a source closes it (${format})`, async () => {
    const path = join(folder, `left.${format}`)
    const part = compress(format, Buffer.from('some text\n'.repeat(10_000)))
    writeFileSync(path, Buffer.concat(Array.from({ length: 50 }, () => part)))
    for await (const rows of readBatches(lines(path))) {
      assert.equal(rows[0].text, 'some text')
      break
    }
    for await (const rows of readBatches(csv(path))) {
      assert.equal(rows.length, 1024)
      break
    }
    assert.deepEqual(openFiles(path), [])
    for (const io of MODES) {
      const splits = await collect(enumerateSplits(lines(path).input))
      const source = openTextSource(lines(path).input, { io, nextSplit: async () => splits.shift() })
      for (let rows = 0; rows < 20_000; ) {
        if (source.next() === PAUSE) await source.ready()
        else rows++
      }
      assert.deepEqual(openFiles(path), [path])
      source.close()
      assert.equal(source.next(), END)
      await source.ready()
      assert.deepEqual(openFiles(path), [], io)
    }
  })

  test(`much in little is read in pieces, and a line or row without end is the error that it always is (${format})`, async () => {
    // On Node.js 20 zstd is slow: at full size only it is more than may be kept.
    const lots = FULL ? 1024 : format === 'gz' ? 128 : 24
    const newlines = compress(format, Buffer.alloc(MIB, `${'x'.repeat(1023)}\n`))
    const path = join(folder, `bomb.${format}`)
    writeFileSync(path, Buffer.concat(Array.from({ length: lots }, () => newlines)))
    const before = process.memoryUsage.rss()
    let peak = 0
    let count = 0
    for await (const rows of readBatches(lines(path))) {
      count += rows.length
      peak = Math.max(peak, process.memoryUsage.rss() - before)
    }
    assert.equal(count, lots * 1024)
    assert.ok(peak < 96 * MIB, `${peak / MIB} MiB more`)

    const zeros = compress(format, Buffer.alloc(MIB))
    writeFileSync(path, Buffer.concat([compress(format, Buffer.from('a\n')), ...Array.from({ length: lots }, () => zeros)]))
    await assert.rejects(collect(readBatches(csv(path))), { code: 'SourceLine', message: /16777216/ })
    if (FULL) await assert.rejects(collect(readBatches(lines(path))), { code: 'SourceLine', message: /a line is longer than 268435456/ })
    for await (const { bytes } of inflate('', path)) assert.ok(bytes.length < 192 * 1024)
  })
}

for (const workers of [0, 2]) {
  test(`a flow reads compressed files beside others, on ${workers} workers`, async () => {
    const names = ['1.log', '2.log.gz', '3.log.zst', '4.log.gz']
    for (const [index, name] of names.entries()) {
      const text = Buffer.from(`${name}\n`.repeat(10_000 * (index + 1)))
      writeFileSync(join(folder, name), index === 0 ? text : compress(name.endsWith('gz') ? 'gz' : 'zst', text))
    }
    const job = flow(new URL('./stages.js', import.meta.url)).read(publishedLines('*.log{,.*}'))
    const counts = job.groupBy('text', (a) => ({ n: a.count() })).sort('text')
    const run = counts.run({ workers, cwd: folder })
    assert.deepEqual(
      await run.collect(),
      names.map((text, index) => ({ text, n: 10_000 * (index + 1) })),
    )
    assert.equal(run.stats().rowsIn, 100_000)
    for (const name of names) rmSync(join(folder, name))
  })
}

test('a name that does not say what the file is, is an error with the cure', async () => {
  for (const io of MODES) {
    for (const [name, bytes, message] of [
      ['text.gz', Buffer.from('plain text\n'), /text\.gz: by its name it is compressed by gzip, but it is not: rename it/],
      ['text.zst', Buffer.from('p'), /text\.zst: by its name it is compressed by zstd, but it is not/],
      ['swapped.zst', gzipSync('a'), /swapped\.zst: it is compressed by gzip, which its name does not say: let it end in \.gz/],
      ['hidden.txt', gzipSync('a'), /hidden\.txt: it is compressed by gzip, which its name does not say/],
      ['hidden.txt', zstdFrame(Buffer.from('a')), /hidden\.txt: it is compressed by zstd, .* let it end in \.zst/],
    ] as const) {
      await assert.rejects(textsOf(io, name, bytes), { code: 'SourceRead', message })
      await assert.rejects(collect(readBatches(csv(join(folder, name)))), { code: 'SourceRead', message })
    }
  }
})

test('what is behind the last member of gzip is padding of zeros, or an error', async () => {
  const member = gzipSync('a\n')
  assert.equal((await textsOf('sync', 'padded.gz', member)).length, 1)
  const path = join(folder, 'padded.gz')
  writeFileSync(path, Buffer.concat([member, Buffer.alloc(100_000)]))
  assert.deepEqual((await collect(readBatches(lines(path)))).flat().length, 1)
  for (const rest of [Buffer.from('rest'), Buffer.concat([Buffer.alloc(200_000), member])]) {
    writeFileSync(path, Buffer.concat([member, rest]))
    await assert.rejects(collect(readBatches(lines(path))), { code: 'SourceRead', message: /padded\.gz, byte \d+: / })
  }
})

test('frames to be skipped are, and those that nobody can unpack here are refused', async () => {
  const path = join(folder, 'frames.zst')
  const skipped = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')])
  writeFileSync(path, Buffer.concat([skipped, zstdFrame(Buffer.from('a\n')), skipped, zstdFrame(Buffer.from('b')), skipped]))
  assert.deepEqual(
    (await collect(readBatches(lines(path)))).flat().map(({ text }) => text),
    ['a', 'b'],
  )
  for (const [head, message] of [
    [[0x04, 18 << 3], /a window of 268435456 bytes, 134217728 are allowed/],
    [[0x05, 10 << 3, 7], /compressed with a dictionary/],
  ] as const) {
    writeFileSync(path, Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...head]), zstdFrame(Buffer.from('a')).subarray(6)]))
    await assert.rejects(collect(readBatches(lines(path))), { code: 'SourceRead', message })
  }
})

test('what the program zstd wrote is read, at its fastest and its slowest', async () => {
  const text = Array.from({ length: 8_000 }, (_none, n) => `${n} ${(n * 7919) % 1000} some words of line ${n % 77}`)
  for (const name of ['level-1.zst', 'level-19.zst', 'several.zst']) {
    const path = join(folder, name)
    writeFileSync(path, readFileSync(new URL(`../../../test/flow/fixtures/${name}`, import.meta.url)))
    const rows = (await collect(readBatches(lines(path)))).flat()
    assert.deepEqual(
      rows.map((row) => row.text),
      name === 'several.zst' ? [...text.slice(0, 200), ...text.slice(0, 200)] : text,
      name,
    )
  }
})
