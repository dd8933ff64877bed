import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import xxhash from 'xxhash-wasm'
import { PIECE_BYTES } from './feed.js'
import { damaged } from './file-blocks.js'

/** A header, or a block; the last one has the checksum behind it. */
export interface FramePart {
  readonly bytes: Buffer
  readonly isLast: boolean
  /** The low four bytes of the hash of all that the frame holds, where it says so. */
  readonly checksum?: number
}

/** The file of a frame, and where in it is read, for errors. */
interface FramePlace {
  readonly path: string
  at(): number
}

type Parts = AsyncGenerator<FramePart, void, undefined>

/** From Node.js 22.15 and 23.8 on. */
const native = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform }).createZstdDecompress

/** What a frame holds. @throws MillraceError `SourceRead`, where its checksum says so too */
export async function* unpackFrame(parts: Parts, place: FramePlace): AsyncGenerator<Buffer, void, undefined> {
  yield* native === undefined ? unpackHere(parts, place) : unpackBeside(native({ chunkSize: PIECE_BYTES }), parts, place)
}

/** In threads of the system. */
async function* unpackBeside(engine: Transform, parts: Parts, place: FramePlace): AsyncGenerator<Buffer, void, undefined> {
  const bytes = Readable.from(bytesOf(parts))
  const closed = new Promise<void>((done) => pipeline(bytes, engine, () => done()))
  try {
    for await (const piece of engine as AsyncIterable<Buffer>) yield piece
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code?.startsWith('ZSTD_') ? damaged(place.path, place.at(), message) : error
  } finally {
    engine.destroy()
    bytes.destroy()
    await closed
  }
}

async function* bytesOf(parts: Parts): AsyncGenerator<Buffer, void, undefined> {
  for await (const { bytes } of parts) yield bytes
}

/** In this thread, a block at a time; the package does not look at checksums. */
async function* unpackHere(parts: Parts, { path, at }: FramePlace): AsyncGenerator<Buffer, void, undefined> {
  const hash = (await xxhash()).create64()
  let pieces: Buffer[] = []
  const engine = new Decompress((bytes) => {
    if (bytes.length > 0) pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  })
  for await (const { bytes, isLast, checksum } of parts) {
    pieces = []
    try {
      engine.push(bytes, isLast)
    } catch (error) {
      throw damaged(path, at(), (error as Error).message)
    }
    for (const piece of pieces) hash.update(piece)
    if (checksum !== undefined && Number(BigInt.asUintN(32, hash.digest())) !== checksum)
      throw damaged(path, at(), 'its checksum is another')
    yield* pieces
  }
}
