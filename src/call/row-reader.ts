import { ProtocolError } from '../base/errors.js'
import { align8, COLUMN, ROW_KEYS_MAX } from './row-writer.js'

/** A column of `rows` values. */
type Column = ArrayLike<unknown>

/** Values that are read one by one; an array is one. */
export interface Several {
  readonly length: number
  at(index: number): unknown
}

/** The objects that a `RowWriter` wrote, all checked here. Throws `ProtocolError`. */
export function readRows(payload: Buffer): Several {
  const reader = new PayloadReader(payload)
  const rows = reader.u32()
  const { keys, kinds } = headOf(json(reader.bytes(reader.u32())))
  const columns: Column[] = []
  for (const kind of kinds) {
    reader.align()
    if (kind === COLUMN.number) columns.push(numbers(reader.bytes(8 * rows), rows))
    else if (kind === COLUMN.boolean) columns.push(booleans(reader.bytes(rows)))
    else columns.push(values(json(reader.bytes(reader.u32())), rows))
  }
  reader.align()
  if (rows === 0 || !reader.isDone) throw new ProtocolError(`${rows} rows in ${payload.length} bytes, of which some are left`)
  return new RowObjects(keys, columns, rows)
}

/** Each object is made when it is asked for: those of a thousand streams that wait to be read would be what garbage collections copy. */
class RowObjects implements Several {
  /** Its copies have one hidden class. */
  private readonly template: Record<string, unknown> = {}

  constructor(
    private readonly keys: readonly string[],
    private readonly columns: readonly Column[],
    readonly length: number,
  ) {
    for (const key of keys) this.template[key] = undefined
  }

  at(index: number): Record<string, unknown> {
    const { keys, columns } = this
    const object = { ...this.template }
    for (let at = 0; at < keys.length; at++) object[keys[at]] = columns[at][index]
    return object
  }
}

function headOf(head: unknown): { keys: readonly string[]; kinds: string } {
  const [keys, kinds] = Array.isArray(head) ? head : []
  const isRight =
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.length <= ROW_KEYS_MAX &&
    keys.every((key) => typeof key === 'string' && key !== '__proto__') &&
    new Set(keys).size === keys.length &&
    typeof kinds === 'string' &&
    kinds.length === keys.length &&
    /^[nbj]*$/.test(kinds)
  if (!isRight) throw new ProtocolError('rows with a head that none has')
  return { keys, kinds }
}

function numbers(bytes: Buffer, rows: number): Column {
  if (bytes.byteOffset % 8 === 0) return new Float64Array(bytes.buffer, bytes.byteOffset, rows)
  return new Float64Array(Uint8Array.prototype.slice.call(bytes).buffer)
}

function booleans(bytes: Buffer): Column {
  const column = new Array<boolean>(bytes.length)
  for (let row = 0; row < column.length; row++) column[row] = bytes[row] !== 0
  return column
}

function values(column: unknown, rows: number): Column {
  if (!Array.isArray(column) || column.length !== rows) throw new ProtocolError(`a column that has not a value for each of ${rows} rows`)
  return column
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw new ProtocolError('rows that are no JSON', { cause })
  }
}

class PayloadReader {
  private at = 0

  constructor(private readonly payload: Buffer) {}

  get isDone(): boolean {
    return this.at === this.payload.length
  }

  u32(): number {
    return this.bytes(4).readUInt32LE()
  }

  bytes(sizeBytes: number): Buffer {
    const { at } = this
    if (at + sizeBytes > this.payload.length) throw new ProtocolError(`rows of ${this.payload.length} bytes that end too soon`)
    this.at += sizeBytes
    return this.payload.subarray(at, this.at)
  }

  align(): void {
    this.at = Math.min(align8(this.at), this.payload.length)
  }
}
