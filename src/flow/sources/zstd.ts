import type { FileHandle } from 'node:fs/promises'
import { PIECE_BYTES } from './feed.js'
import { damaged, fileBlocks, type Inflated, PartReader } from './file-blocks.js'
import { type FramePart, unpackFrame } from './zstd-frame.js'

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a5
/** As zstd itself allows by default (128 MiB): what a frame may make its reader keep in memory. */
const WINDOW_BYTES_MAX = 0x800_0000

/** The frames of a file, one after the other; those that are to be skipped are. */
export async function* unzstd(handle: FileHandle, path: string): AsyncGenerator<Inflated, void, undefined> {
  const blocks = fileBlocks(handle)
  const reader = new PartReader(path, blocks)
  let position = 0
  try {
    while (!(await reader.atEnd())) {
      const start = reader.position
      const magic = await reader.read(4)
      if (magic.readUInt32LE() >>> 4 === SKIPPABLE) {
        await reader.skip((await reader.read(4)).readUInt32LE())
        continue
      }
      if (magic.readUInt32LE() !== MAGIC) throw damaged(path, start, 'this is no frame of zstd')
      for await (const bytes of unpackFrame(partsOf(reader, magic, path), { path, at: () => reader.position })) {
        yield { bytes, readBytes: reader.position - position }
        position = reader.position
      }
    }
    yield { bytes: Buffer.alloc(0), readBytes: reader.position - position }
  } finally {
    await blocks.return()
  }
}

/** The header of a frame, then block by block. A block is at most 128 KiB, also when it is unpacked, so nobody has more than that at once. */
async function* partsOf(reader: PartReader, magic: Buffer, path: string): AsyncGenerator<FramePart, void, undefined> {
  const start = reader.position
  const [descriptor] = await reader.read(1)
  const isSingle = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]
  const head = await reader.read((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes)
  const windowBytes = isSingle ? contentBytes(head.subarray(dictionaryBytes)) : windowOf(head[0])
  if (windowBytes > WINDOW_BYTES_MAX)
    throw damaged(path, start, `a window of ${windowBytes} bytes, ${WINDOW_BYTES_MAX} are allowed: compress it without --long`)
  if (dictionaryBytes > 0) throw damaged(path, start, 'it was compressed with a dictionary, and there is none: compress it without')
  yield { bytes: Buffer.concat([magic, Buffer.from([descriptor]), head]), isLast: false }
  for (;;) {
    const header = await reader.read(3)
    const word = header.readUIntLE(0, 3)
    const size = ((word >> 1) & 3) === 1 ? 1 : word >> 3
    if (size > PIECE_BYTES) throw damaged(path, reader.position - 3, `a block of ${size} bytes, ${PIECE_BYTES} are the most`)
    const isLast = (word & 1) === 1
    const body = await reader.read(size)
    const tail = isLast && (descriptor & 4) !== 0 ? await reader.read(4) : undefined
    yield { bytes: Buffer.concat(tail ? [header, body, tail] : [header, body]), isLast, ...(tail && { checksum: tail.readUInt32LE() }) }
    if (isLast) return
  }
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3))
  return base + (base / 8) * (byte & 7)
}

/** Little endian; two bytes count from 256. */
function contentBytes(field: Buffer): number {
  if (field.length === 8) return field.readUInt32LE() + field.readUInt32LE(4) * 2 ** 32
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0)
}
