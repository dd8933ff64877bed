import { MillraceError } from '../base/errors.js'
import { serialize } from '../base/v8.js'
import { plainJson } from './plain-json.js'
import { align8, RowWriter } from './row-writer.js'

/**
 * How values travel: a message is a run of entries, each
 *
 *     0  u32  kind (high 4 bits) and payload length
 *     4  u32  0
 *     8  payload, padded to 8
 */
export const ENTRY = { bytes: 0, clone: 1, number: 2, string: 3, undefined: 4, raw: 5, result: 6, json: 7, rows: 8, carrier: 9 } as const

/**
 * A message that is nothing but this says that every following one is a value by itself: bytes, as they are, all of them long. It holds
 * until a short message follows, which is a run of entries again; before a long one stands this mark once more.
 */
export const RAW_MARK: Uint8Array = Uint8Array.of(0, 0, 0, ENTRY.raw << 4, 0, 0, 0, 0)

export const ENTRY_HEADER_BYTES: number = 8
const BUFFER_BYTES = 0x1_0000
/** Longer texts get a message of their own. */
const SMALL_BYTES = 0x4000
/** Longer bytes of a stream go as they are: what is copied once more is most of the time from here on. */
export const RAW_BYTES: number = 0x1000
/** Messages up to this are copied out of the buffer, so that it can be used on. */
const COPY_BYTES = 0x1000

/**
 * Puts values one behind the other into messages. A value is encoded when it is added: what the producer does with it afterwards does
 * not matter.
 */
export class ValueWriter {
  private buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  private view = new DataView(this.buffer.buffer)
  private used = 0
  private count = 0
  /** Values that are to be one entry, and its bytes. */
  private json = ''
  private jsonBytes = 0
  private readonly rows: RowWriter | undefined

  /** `alike`: many values are expected that are alike. */
  constructor({ alike = true }: { readonly alike?: boolean } = {}) {
    this.rows = alike ? new RowWriter() : undefined
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  get byteLength(): number {
    return this.used + this.jsonBytes + (this.rows?.byteLength ?? 0)
  }

  get length(): number {
    return this.count
  }

  private hasRoomFor(sizeBytes: number): boolean {
    return this.used + sizeBytes + 3 * ENTRY_HEADER_BYTES <= this.buffer.length
  }

  /**
   * Adds a value where it fits. Otherwise returns it encoded as a message of its own, which follows what was added before.
   * Throws `NotCloneable`.
   */
  add(value: unknown): Uint8Array | undefined {
    if (typeof value === 'number') return this.addNumber(value)
    if (value === undefined) return this.addBytes(ENTRY.undefined, new Uint8Array(0))
    if (typeof value === 'string' && value.length <= SMALL_BYTES && value.isWellFormed()) return this.addString(value)
    if (value instanceof Uint8Array) return this.addBytes(ENTRY.bytes, value)
    if (this.addRow(value)) return undefined
    const json = plainJson(value)
    return json === undefined ? this.addBytes(ENTRY.clone, clone(value)) : this.addJson(json)
  }

  /** The value that is added next is the last of the stream: what its producer returned. */
  markResult(): void {
    this.addBytes(ENTRY.result, new Uint8Array(0))
  }

  /** What was added, as one message that is valid until the next `add`. */
  get message(): Uint8Array {
    this.close()
    return new Uint8Array(this.buffer.buffer, 0, this.used)
  }

  clear(): void {
    this.used = 0
    this.count = 0
    this.json = ''
    this.jsonBytes = 0
  }

  /** What was added, as one message of its own; the writer is empty afterwards. */
  takeMessage(): Uint8Array {
    this.close()
    const { used } = this
    this.clear()
    if (used <= COPY_BYTES) return Uint8Array.prototype.slice.call(this.buffer, 0, used)
    const message = new Uint8Array(this.buffer.buffer, 0, used)
    this.buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    this.view = new DataView(this.buffer.buffer)
    return message
  }

  /** Objects that are alike, one behind the other, are one entry. Returns whether this is one of them. */
  private addRow(value: unknown): boolean {
    const { rows } = this
    if (rows === undefined || typeof value !== 'object' || value === null) return false
    if (this.hasRoomFor(this.jsonBytes + rows.byteLength) && rows.add(value)) {
      this.closeJson()
      this.count++
      return true
    }
    this.closeRows()
    rows.learn(value)
    return false
  }

  /** Texts one behind the other are one entry: it is read at once. */
  private addJson(text: string): Uint8Array | undefined {
    this.closeRows()
    const bytes = Buffer.byteLength(text)
    if (bytes > SMALL_BYTES || !this.hasRoomFor(this.jsonBytes + 1 + bytes)) return single(ENTRY.json, Buffer.from(text))
    this.json = this.jsonBytes === 0 ? text : `${this.json},${text}`
    this.jsonBytes += this.jsonBytes === 0 ? bytes : 1 + bytes
    this.count++
    return undefined
  }

  /** What is to be one entry is one. */
  private close(): void {
    this.closeJson()
    this.closeRows()
  }

  private closeRows(): void {
    const { rows } = this
    if (rows === undefined || rows.rows === 0) return
    const layout = rows.layout()
    this.reserve(ENTRY_HEADER_BYTES + layout.sizeBytes)
    this.header(ENTRY.rows, layout.sizeBytes)
    rows.write(this.buffer, this.used, layout)
    this.used += layout.sizeBytes
  }

  /** What was said about the length of rows may be too little. */
  private reserve(sizeBytes: number): void {
    if (this.used + sizeBytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(this.used + sizeBytes)
    larger.set(this.buffer.subarray(0, this.used))
    this.buffer = larger
    this.view = new DataView(larger.buffer)
  }

  private closeJson(): void {
    const { json, jsonBytes } = this
    if (jsonBytes === 0) return
    this.json = ''
    this.jsonBytes = 0
    this.header(ENTRY.json, jsonBytes)
    this.buffer.write(json, this.used, 'utf8')
    this.used = align8(this.used + jsonBytes)
  }

  private addNumber(value: number): undefined {
    this.close()
    this.header(ENTRY.number, 8)
    this.view.setFloat64(this.used, value, true)
    this.advance(8)
  }

  private addString(value: string): Uint8Array | undefined {
    this.close()
    if (!this.hasRoomFor(3 * value.length)) return single(ENTRY.string, Buffer.from(value, 'utf8'))
    const at = this.used
    this.used += ENTRY_HEADER_BYTES
    const length = this.buffer.write(value, this.used, 'utf8')
    this.used = at
    this.header(ENTRY.string, length)
    this.advance(length)
    return undefined
  }

  private addBytes(kind: number, bytes: Uint8Array): Uint8Array | undefined {
    this.close()
    if (bytes.length > SMALL_BYTES || !this.hasRoomFor(bytes.length)) return single(kind, bytes)
    this.header(kind, bytes.length)
    this.buffer.set(bytes, this.used)
    this.advance(bytes.length)
    return undefined
  }

  private header(kind: number, length: number): void {
    this.view.setUint32(this.used, ((kind << 28) | length) >>> 0, true)
    this.view.setUint32(this.used + 4, 0, true)
    this.used += ENTRY_HEADER_BYTES
  }

  private advance(length: number): void {
    this.used = align8(this.used + length)
    this.count++
  }
}

const forOne = new ValueWriter({ alike: false })

/** A message that holds one value. Throws `NotCloneable`. */
export function encodeValue(value: unknown): Uint8Array {
  forOne.clear()
  return forOne.add(value) ?? forOne.takeMessage()
}

/** One entry as a message, not padded. */
export function single(kind: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= 0x1000_0000) throw new MillraceError('MessageTooLarge', `a value of ${bytes.length} bytes: send it in pieces`)
  const buffer = Buffer.allocUnsafeSlow(ENTRY_HEADER_BYTES + bytes.length)
  buffer.writeUInt32LE(((kind << 28) | bytes.length) >>> 0, 0)
  buffer.writeUInt32LE(0, 4)
  buffer.set(bytes, ENTRY_HEADER_BYTES)
  return new Uint8Array(buffer.buffer, 0, buffer.length)
}

function clone(value: unknown): Uint8Array {
  try {
    return serialize(value)
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('NotCloneable', `a value cannot be sent to another thread: ${what}`, { cause })
  }
}
