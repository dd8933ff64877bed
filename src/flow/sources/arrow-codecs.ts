import * as zlib from 'node:zlib'
import { CompressionType, getCompressionCodec, setCompressionCodec } from '@uwdata/flechette'
import { decompress } from 'fzstd'
import { unpackLz4Frame } from './lz4-frame.js'

/** Bytes that one byte can become at most: in LZ4 by a length of 255 more, in zstd by four bytes that stand for a block of 128 KiB. */
const GROWTH_MAX = { lz4: 255, zstd: 32_768 }

/** From Node.js 22.15 and 23.8 on. */
const native = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdDecompressSync

/** Memory for what is announced is taken only where it can be true. */
function checkSize(bytes: Uint8Array, size: number, growthMax: number): void {
  if (!(size >= 0 && size <= bytes.length * growthMax)) throw new Error(`${bytes.length} compressed bytes cannot hold ${size}`)
}

function unpackLz4(bytes: Uint8Array, size: number): Uint8Array {
  checkSize(bytes, size, GROWTH_MAX.lz4)
  return unpackLz4Frame(bytes, size)
}

function unpackZstd(bytes: Uint8Array, size: number): Uint8Array {
  checkSize(bytes, size, GROWTH_MAX.zstd)
  const unpacked = native === undefined ? decompress(bytes, new Uint8Array(size)) : native(bytes)
  if (unpacked.length !== size) throw new Error(`a buffer of ${unpacked.length} bytes, ${size} were announced`)
  // Values are looked at where they stand, on multiples of their size.
  return unpacked.byteOffset % 8 === 0 ? unpacked : new Uint8Array(unpacked)
}

/** Both kinds of compression that Arrow has, where nobody in this thread has set others. */
export function setCodecs(): void {
  const encode = (): never => {
    throw new Error('compression of Arrow is only read')
  }
  if (getCompressionCodec(CompressionType.LZ4_FRAME) === null) setCompressionCodec(CompressionType.LZ4_FRAME, { decode: unpackLz4, encode })
  if (getCompressionCodec(CompressionType.ZSTD) === null) setCompressionCodec(CompressionType.ZSTD, { decode: unpackZstd, encode })
}
