import { MillraceError } from '../../base/errors.js'
import { NESTING_MAX, type Row } from '../../columnar/schema.js'

/** Rows measured one by one before only every so many is. */
const ROWS_MEASURED_FIRST = 64
const ROWS_PER_SAMPLE = 16

/** What an operator keeps, in bytes, estimated from samples of its rows. */
export class SizeMeter {
  readonly #what: string
  readonly #budgetBytes: number
  #bytes = 0
  #rows = 0
  #sampledBytes = 0
  #samples = 0

  constructor(what: string, budgetBytes: number) {
    this.#what = what
    this.#budgetBytes = budgetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get isOver(): boolean {
    return this.#bytes > this.#budgetBytes
  }

  add(row: Row): void {
    const due = this.#rows < ROWS_MEASURED_FIRST || this.#rows % ROWS_PER_SAMPLE === 0
    this.#rows++
    if (due) {
      this.#sampledBytes += rowBytes(row)
      this.#samples++
    }
    this.#bytes += this.#sampledBytes / this.#samples
  }

  /** Nothing is kept any more. */
  clear(): void {
    this.#bytes = 0
  }

  /** `OperatorBudget`; `moreBytes`: what is kept beside the rows. */
  exceeded(moreBytes = 0): MillraceError {
    return budgetError(this.#what, this.#bytes + moreBytes, this.#budgetBytes)
  }
}

export function budgetError(what: string, bytes: number, budgetBytes: number): MillraceError {
  const cure = 'raise memoryBytes, let it spill, use more workers, or keep less (filter earlier, fewer columns, a limit after a sort)'
  return new MillraceError(
    'OperatorBudget',
    `${what} keeps about ${Math.ceil(bytes)} bytes, more than its budget of ${Math.floor(budgetBytes)}: ${cure}`,
  )
}

const ROW_BYTES = 40
const COLUMN_BYTES = 8
/** An entry of a Map or Set, with its share of empty room. */
const ENTRY_BYTES = 40

/** What a row takes, estimated. */
export function rowBytes(row: Row): number {
  let bytes = ROW_BYTES
  for (const key in row) bytes += COLUMN_BYTES + valueBytes(row[key], 0)
  return bytes
}

/** Roughly what V8 keeps for a value beside the slot that points to it. */
export function valueBytes(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return 24 + value.length
    case 'number':
      return 8
    case 'bigint':
      return 24
    case 'object':
      return value === null ? 0 : objectBytes(value, depth)
    default:
      return 0
  }
}

function objectBytes(value: object, depth: number): number {
  if (ArrayBuffer.isView(value)) return 128 + value.byteLength
  if (depth > NESTING_MAX) return ROW_BYTES
  if (value instanceof Map || value instanceof Set) return ROW_BYTES + entriesBytes(value, depth)
  let bytes = ROW_BYTES
  if (Array.isArray(value)) {
    // Numbers stand in the array itself.
    for (const inner of value) bytes += COLUMN_BYTES + (typeof inner === 'number' ? 0 : valueBytes(inner, depth + 1))
    return bytes
  }
  for (const inner of Object.values(value)) bytes += COLUMN_BYTES + valueBytes(inner, depth + 1)
  return bytes
}

function entriesBytes(value: Map<unknown, unknown> | Set<unknown>, depth: number): number {
  let bytes = 0
  for (const [key, inner] of value.entries()) {
    bytes += ENTRY_BYTES + valueBytes(key, depth + 1)
    if (inner !== key) bytes += valueBytes(inner, depth + 1)
  }
  return bytes
}
