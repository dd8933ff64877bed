import { readClone } from '../base/clone.js'
import { MillraceError, ProtocolError } from '../base/errors.js'
import { getF64, getU32 } from '../base/little-endian.js'
import { readRows, type Several } from './row-reader.js'
import { ENTRY, ENTRY_HEADER_BYTES, RAW_MARK } from './value-writer.js'

const NUMBER_BYTES = 8
const NONE: Several = []

/** Read in front of what the producer returned. */
export const RESULT_MARK: unique symbol = Symbol('what follows was returned')

/** Whether values by themselves begin, or end, here. */
export function isRawMark(message: Uint8Array): boolean {
  return message.length === RAW_MARK.length && message[3] === RAW_MARK[3]
}

/** The values of one message, in order. The message is the reader's own. Throws `ProtocolError`. */
export class ValueReader {
  private readonly length: number
  /** Made when a text or bytes are read: to ask a small array for its memory makes that, and numbers do without. */
  private buffer: Buffer | undefined
  private at = 0
  /** Values of an entry that holds several, from `next` on. */
  private several: Several = NONE
  private taken = 0

  constructor(
    private readonly message: Uint8Array,
    /** Bytes may lie in the memory of the message, one beside the other. */
    private readonly shares = false,
  ) {
    // To ask a typed array for it is a call into native code.
    this.length = message.length
  }

  get hasMore(): boolean {
    return this.taken < this.several.length || this.at < this.length
  }

  next(): unknown {
    if (this.taken < this.several.length) return this.oneOfSeveral()
    const { message, length } = this
    const start = this.at + ENTRY_HEADER_BYTES
    if (start > length) throw new ProtocolError('a message that ends inside an entry')
    const word = getU32(message, this.at)
    const kind = word >>> 28
    const end = start + (word & 0x0fff_ffff)
    if (end > length) throw new ProtocolError(`an entry of ${end - start} bytes in a message of ${length}`)
    this.at = (end + 7) & ~7
    switch (kind) {
      case ENTRY.number:
        if (end - start !== NUMBER_BYTES) throw new ProtocolError(`a number of ${end - start} bytes`)
        return getF64(message, start)
      case ENTRY.string:
        return this.memory.toString('utf8', start, end)
      case ENTRY.bytes:
        return this.bytes(start, end)
      case ENTRY.clone:
        return cloned(this.memory.subarray(start, end))
      case ENTRY.json:
        return this.oneOfSeveral(parsed(this.memory.toString('utf8', start, end)))
      case ENTRY.rows:
        return this.oneOfSeveral(readRows(this.memory.subarray(start, end)))
      case ENTRY.undefined:
        return undefined
      case ENTRY.result:
        if (end !== start) throw new ProtocolError(`a result mark of ${end - start} bytes`)
        return RESULT_MARK
      default:
        throw new ProtocolError(`an entry of unknown kind ${kind}`)
    }
  }

  private get memory(): Buffer {
    this.buffer ??= Buffer.from(this.message.buffer, this.message.byteOffset, this.length)
    return this.buffer
  }

  /** In memory that no other value has, unless they may share it. */
  private bytes(start: number, end: number): Uint8Array {
    const { buffer, byteOffset } = this.memory
    const view = new Uint8Array(buffer, byteOffset + start, end - start)
    const isAlone = start === ENTRY_HEADER_BYTES && this.at >= this.length
    return isAlone || this.shares ? view : view.slice()
  }

  /** All are let go with the last: a thousand readers that wait would hold a thousand times what they have read. */
  private oneOfSeveral(several = this.several): unknown {
    const value = several.at(this.taken++)
    const isLast = this.taken === several.length
    this.several = isLast ? NONE : several
    if (isLast) this.taken = 0
    return value
  }
}

/** What V8 refuses, each time in its own words, is the peer's fault. */
function cloned(bytes: Uint8Array): unknown {
  try {
    return readClone(bytes)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new ProtocolError('a value that cannot be read', { cause })
  }
}

/** At least one value. */
function parsed(json: string): readonly unknown[] {
  let values: readonly unknown[] = []
  try {
    values = JSON.parse(`[${json}]`)
  } catch (cause) {
    throw new ProtocolError('values that are no JSON', { cause })
  }
  if (values.length === 0) throw new ProtocolError('an entry of values without one')
  return values
}

/** The value of a message that holds just one. Throws `ProtocolError`. */
export function readOne(message: Uint8Array): unknown {
  const reader = new ValueReader(message)
  const value = reader.next()
  if (reader.hasMore || value === RESULT_MARK) throw new ProtocolError('more than one value where one was expected')
  return value
}
