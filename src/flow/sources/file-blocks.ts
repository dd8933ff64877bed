import type { FileHandle } from 'node:fs/promises'
import { contentError } from './read-error.js'

const BLOCK_BYTES = 128 * 1024

/** Some of what a compressed file holds. */
export interface Inflated {
  readonly bytes: Buffer
  /** Bytes of the file that were read for it. */
  readonly readBytes: number
}

/** The bytes of a file from a position on, in blocks of their own. */
export async function* fileBlocks(handle: FileHandle, from = 0): AsyncGenerator<Buffer, void, undefined> {
  for (let position = from; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(BLOCK_BYTES), 0, BLOCK_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Reads a compressed file by so many bytes as its parts have. */
export class PartReader {
  readonly #path: string
  readonly #blocks: AsyncGenerator<Buffer, void, undefined>
  #block: Buffer = Buffer.alloc(0)
  /** Where in the file the next part begins. */
  position = 0

  constructor(path: string, blocks: AsyncGenerator<Buffer, void, undefined>) {
    this.#path = path
    this.#blocks = blocks
  }

  async atEnd(): Promise<boolean> {
    return this.#block.length === 0 && !(await this.#more())
  }

  /** The next bytes, which stay as they are. @throws MillraceError `SourceRead` where the file ends before */
  async read(bytes: number): Promise<Buffer> {
    const start = this.position
    const parts: Buffer[] = []
    for (let left = bytes; left > 0; ) {
      if (await this.atEnd()) throw cutShort(this.#path, start)
      const part = this.#block.subarray(0, left)
      this.#block = this.#block.subarray(part.length)
      this.position += part.length
      left -= part.length
      parts.push(part)
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      if (await this.atEnd()) throw cutShort(this.#path, this.position)
      const step = Math.min(left, this.#block.length)
      left -= (await this.read(step)).length
    }
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#blocks.next()
    if (done) return false
    this.#block = value
    return true
  }
}

export function cutShort(path: string, position: number): Error {
  return damaged(path, position, 'the file ends in the midst of what is compressed: it was cut short')
}

/** An error of what is compressed; `position` is a byte of the compressed file. */
export function damaged(path: string, position: number, what: string): Error {
  return contentError('SourceRead', path, position, `${path}, byte ${position}: ${what}; copy or write the file again`)
}
