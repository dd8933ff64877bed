import type { SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { detach } from '../../columnar/detach.js'
import { type Int32Columns, isInt32, NO_INT32 } from '../../columnar/int32-columns.js'
import { recordOf } from '../../columnar/record.js'
import type { ColumnPlan } from '../column-plan.js'
import type { ColumnType } from '../column-spec.js'
import { valueBytes } from '../operators/size-meter.js'
import { jsonText } from './json-text.js'

const text = (value: unknown): unknown => (typeof value === 'string' ? detach(value) : undefined)

/** A value as it is kept, of which nobody else has a part; undefined where it is none of that type. */
const KEPT: { readonly [T in ColumnType]: (value: unknown) => unknown } = {
  float64: (value) => (typeof value === 'number' ? value : undefined),
  int32: (value) => (typeof value === 'number' && value === (value | 0) ? value | 0 : undefined),
  int64: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
    return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined
  },
  utf8: text,
  dictionary: text,
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  timestamp: (value) => (value instanceof Date ? new Date(value) : undefined),
  binary: (value) => (value instanceof Uint8Array ? value.slice() : undefined),
  list: (value) => (Array.isArray(value) ? JSON.parse(jsonText(value)) : undefined),
  struct: (value) => (recordOf(value) === undefined ? undefined : JSON.parse(jsonText(value))),
}

const ELEMENTS: { readonly [T in ColumnType]: Omit<SchemaElement, 'name'> } = {
  float64: { type: 'DOUBLE' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  utf8: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  dictionary: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  boolean: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  binary: { type: 'BYTE_ARRAY' },
  // The writer has no lists and structures of any shape: they are written as JSON.
  list: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  struct: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
}

const VALUE_BYTES = 8

/** A column that is not declared: its first value that is not null says what it holds. */
interface OpenColumn {
  readonly column: string
  readonly int32: Int32Columns
}

/** The values of one column of the row group that is being gathered. */
export class ParquetColumn {
  readonly name: string
  readonly #isDeclared: boolean
  readonly #isNullable: boolean
  readonly #int32: Int32Columns
  #type: ColumnType | undefined
  /** A file tells of the type. */
  #isFixed = false
  #values: unknown[] = []

  /** As it is declared; without a type it gets that of its first value that is not null, and may hold nulls. `nulls` of them are there. */
  constructor(plan: ColumnPlan | OpenColumn, nulls: number) {
    this.name = plan.column
    this.#isDeclared = 'type' in plan
    this.#type = 'type' in plan ? (plan.type as ColumnType) : undefined
    this.#isNullable = 'type' in plan ? plan.nullable : true
    this.#int32 = 'type' in plan ? NO_INT32 : plan.int32
    for (let i = 0; i < nulls; i++) this.#values.push(null)
  }

  get length(): number {
    return this.#values.length
  }

  /** Keeps a value; returns about how many bytes it takes. Throws an `Error` that says what is wrong with it. */
  add(value: unknown): number {
    if (value === null || value === undefined || (value instanceof Date && Number.isNaN(value.getTime()))) return this.#addNull()
    this.#type ??= this.#int32.has(this.name) ? 'int32' : typeOf(value)
    if (typeof value === 'number' && !isInt32(value)) this.#widen()
    const kept = KEPT[this.#type](value)
    if (kept === undefined) throw new Error(`is ${this.#type}${this.#isDeclared ? '' : ' in the rows before'}, not ${shown(value)}`)
    this.#values.push(kept)
    return VALUE_BYTES + valueBytes(kept, 0)
  }

  /** A column in which only nulls were seen is one of text. */
  element(): SchemaElement {
    this.#type ??= 'utf8'
    if (!this.#int32.has(this.name)) this.#widen()
    this.#isFixed = true
    return { name: this.name, ...ELEMENTS[this.#type], repetition_type: this.#isNullable ? 'OPTIONAL' : 'REQUIRED' }
  }

  /** The values so far; it has none then. */
  take(): ColumnSource {
    const data = this.#values
    this.#values = []
    const { name } = this
    if (this.#type === 'dictionary') return { name, data, encoding: 'RLE_DICTIONARY' }
    // A dictionary takes minus zero for zero.
    return { name, data, ...(data.some((value) => Object.is(value, -0)) && { encoding: 'PLAIN' }) }
  }

  /** Numbers that are not, or not for sure, int32. */
  #widen(): void {
    if (this.#type === 'int32' && !this.#isDeclared && !this.#isFixed) this.#type = 'float64'
  }

  #addNull(): number {
    if (!this.#isNullable) throw new Error(`holds a null: declare '${this.#type}?'`)
    this.#values.push(null)
    return VALUE_BYTES
  }
}

function typeOf(value: unknown): ColumnType {
  switch (typeof value) {
    case 'number':
      return 'float64'
    case 'bigint':
      return 'int64'
    case 'string':
      return 'utf8'
    case 'boolean':
      return 'boolean'
    default:
      if (value instanceof Date) return 'timestamp'
      if (value instanceof Uint8Array) return 'binary'
      if (Array.isArray(value)) return 'list'
      if (recordOf(value) !== undefined) return 'struct'
      throw new Error(`holds ${shown(value)}, for which there is no type`)
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (typeof value !== 'object' && typeof value !== 'function') return String(value)
  if (value instanceof Date) return 'a date'
  return value instanceof Uint8Array ? 'bytes' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : 'a function'
}
