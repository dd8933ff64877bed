import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { checkName, compressionOf } from './compression.js'
import { PIECE_BYTES } from './feed.js'
import { cutShort, damaged, fileBlocks, type Inflated } from './file-blocks.js'
import { readError } from './read-error.js'

/**
 * What a compressed file holds, from its beginning to its end, in pieces of about 128 KiB, however much it becomes: the file is read as it
 * is asked for. Members of gzip and frames of zstd that follow each other are one text.
 *
 * @throws MillraceError `SourceRead`, with file and byte, where it is cut short, damaged, or not compressed as its name says
 */
export async function* inflate(cwd: string, path: string): AsyncGenerator<Inflated, void, undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(resolve(cwd, path), 'r')
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    if (bytesRead > 0) checkName(path, buffer.subarray(0, bytesRead))
    const pieces = compressionOf(path) === 'gzip' ? gunzip(handle, path) : (await import('./zstd.js')).unzstd(handle, path)
    yield* together(pieces)
  } catch (error) {
    throw readError(path, error)
  } finally {
    await handle?.close()
  }
}

/** Small pieces become one: a frame may hold a single byte, and what begins a text should not be cut. */
async function* together(pieces: AsyncIterable<Inflated>): AsyncGenerator<Inflated, void, undefined> {
  let parts: Buffer[] = []
  let size = 0
  let readBytes = 0
  for await (const piece of pieces) {
    parts.push(piece.bytes)
    size += piece.bytes.length
    readBytes += piece.readBytes
    if (size < PIECE_BYTES / 2) continue
    yield { bytes: parts.length === 1 ? piece.bytes : Buffer.concat(parts), readBytes }
    parts = []
    size = readBytes = 0
  }
  yield { bytes: Buffer.concat(parts), readBytes }
}

async function* gunzip(handle: FileHandle, path: string): AsyncGenerator<Inflated, void, undefined> {
  const engine = createGunzip({ chunkSize: PIECE_BYTES })
  const blocks = Readable.from(fileBlocks(handle))
  const closed = new Promise<void>((done) => pipeline(blocks, engine, () => done()))
  let position = 0
  try {
    for await (const bytes of engine as AsyncIterable<Buffer>) {
      yield { bytes, readBytes: engine.bytesWritten - position }
      position = engine.bytesWritten
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw cutShort(path, engine.bytesWritten)
    throw code?.startsWith('Z_') ? damaged(path, engine.bytesWritten, message) : error
  } finally {
    engine.destroy()
    blocks.destroy()
    await closed
  }
  await checkPadding(handle, path, engine.bytesWritten)
  yield { bytes: Buffer.alloc(0), readBytes: (await handle.stat()).size - position }
}

/** Zeros behind the last member are what tapes leave, and nothing else is. */
async function checkPadding(handle: FileHandle, path: string, from: number): Promise<void> {
  let position = from
  for await (const block of fileBlocks(handle, from)) {
    const at = block.findIndex((byte) => byte !== 0)
    if (at >= 0) throw damaged(path, position + at, 'this is no member of gzip')
    position += block.length
  }
}
