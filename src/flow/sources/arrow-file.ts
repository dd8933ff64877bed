import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Footer, type MessageHead, readFooter, readHead } from './arrow-metadata.js'
import { contentError } from './read-error.js'

const MAGIC = 'ARROW1'
/** The magic, padded, before the first message of a file. */
const FILE_HEAD_BYTES = 8
/** The length of the footer and the magic, at the end of one. */
const FILE_TAIL_BYTES = 10
const CONTINUATION = 0xffffffff
const PREFIX_BYTES = 8

/** A message without its body. */
export interface MessageStart extends MessageHead {
  readonly metadata: Uint8Array
  readonly position: number
  readonly bodyPosition: number
  /** Where the next message may stand. */
  readonly end: number
}

/** One open file of Arrow's IPC format: a stream of messages, or a file, which has a footer too. */
export class ArrowFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #bytes: number
  /** Whether it has a footer. */
  isFile = false

  private constructor(path: string, handle: FileHandle, bytes: number) {
    this.#path = path
    this.#handle = handle
    this.#bytes = bytes
  }

  static async open(cwd: string, path: string): Promise<ArrowFile> {
    const handle = await open(resolve(cwd, path), 'r')
    try {
      const file = new ArrowFile(path, handle, (await handle.stat()).size)
      file.isFile = file.#bytes >= FILE_HEAD_BYTES && (await file.#read(0, MAGIC.length)).toString('latin1') === MAGIC
      return file
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async footer(): Promise<Footer> {
    const tail = await this.#read(this.#bytes - FILE_TAIL_BYTES, FILE_TAIL_BYTES)
    const start = this.#bytes - FILE_TAIL_BYTES - tail.readInt32LE(0)
    if (tail.toString('latin1', 4) !== MAGIC || start < FILE_HEAD_BYTES) throw this.#cutShort(this.#bytes)
    return readFooter(await this.#read(start, this.#bytes - FILE_TAIL_BYTES - start))
  }

  /** The message at a position; undefined at the end of a stream. Before Arrow 0.15 only a length stood before it. */
  async start(position: number): Promise<MessageStart | undefined> {
    if (position === this.#bytes) return undefined
    const first = (await this.#read(position, 4)).readUInt32LE(0)
    const hasMark = first === CONTINUATION
    const bytes = hasMark ? (await this.#read(position + 4, 4)).readUInt32LE(0) : first
    if (bytes === 0) return undefined
    const metadataPosition = position + (hasMark ? 8 : 4)
    const metadata = await this.#read(metadataPosition, bytes)
    const head = readHead(metadata)
    const bodyPosition = metadataPosition + bytes
    const end = bodyPosition + head.bodyBytes
    if (!(head.bodyBytes >= 0 && end <= this.#bytes)) throw this.#cutShort(position)
    return { ...head, metadata, position, bodyPosition, end }
  }

  /** The whole message, as its readers take it: its parts stand on multiples of 8 bytes. */
  async message(start: Omit<MessageStart, 'position' | 'end'>): Promise<Uint8Array> {
    const { metadata, bodyPosition, bodyBytes } = start
    const padded = Math.ceil(metadata.length / 8) * 8
    const message = Buffer.from(new ArrayBuffer(PREFIX_BYTES + padded + bodyBytes))
    message.writeUInt32LE(CONTINUATION, 0)
    message.writeUInt32LE(padded, 4)
    message.set(metadata, PREFIX_BYTES)
    await this.#fill(message.subarray(PREFIX_BYTES + padded), bodyPosition)
    // A dictionary is unpacked at once, as long as it says it is: that is to be true.
    if (start.longest > 8 * roomOf(start, message.subarray(PREFIX_BYTES + padded))) throw this.#cutShort(bodyPosition)
    return new Uint8Array(message.buffer)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #read(position: number, bytes: number): Promise<Buffer> {
    if (position < 0 || position + bytes > this.#bytes) throw this.#cutShort(Math.max(0, position))
    const buffer = Buffer.alloc(bytes)
    await this.#fill(buffer, position)
    return buffer
  }

  async #fill(buffer: Buffer, position: number): Promise<void> {
    for (let filled = 0; filled < buffer.length; ) {
      const { bytesRead } = await this.#handle.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) throw this.#cutShort(position + filled)
      filled += bytesRead
    }
  }

  #cutShort(position: number): Error {
    const what =
      'no Arrow IPC from here on: it was cut short or damaged, or is of another format; write the file again, or read it as what it is'
    return contentError('SourceRead', this.#path, position, `${this.#path}, byte ${position}: ${what}`)
  }
}

/** Bytes of the buffers of a message, unpacked. */
function roomOf({ buffers }: MessageHead, body: Buffer): number {
  let bytes = 0
  for (const { position, bytes: size, isCompressed } of buffers) {
    const isThere = position >= 0 && size >= 0 && position + size <= body.length
    const announced = isThere && isCompressed && size >= 8 ? Number(body.readBigInt64LE(position)) : -1
    if (isThere) bytes += announced === -1 ? size : announced
  }
  return bytes
}
