import { assert } from '../base/assert.js'
import { MillraceError } from '../base/errors.js'
import { describe } from './describe.js'
import { COLUMNS_MAX } from './layout.js'
import type { ColumnType, Field, Schema } from './schema.js'

export interface ShapeOptions {
  /** Name of the stage, for messages. */
  readonly stage: string
  /** Fields that are known beforehand. Default none. */
  readonly schema?: Schema
}

/**
 * The schema of one stage's output on one worker as it grows, shared by all builders of that stage.
 * Columns are only added at the end and only change from null to a type; `version` counts both.
 */
export class Shape {
  readonly stage: string
  #fields: Field[]
  #snapshot: Schema | undefined
  #version = 0
  #rowsSeen = 0
  readonly #index: Map<string, number>

  constructor({ stage, schema = [] }: ShapeOptions) {
    this.stage = stage
    this.#fields = [...schema]
    this.#index = new Map(schema.map((field, i) => [field.name, i]))
    assert(this.#index.size === schema.length, `stage ${stage}: a column is there twice`)
  }

  /** The fields of this moment; the same array until `version` changes. */
  get fields(): Schema {
    this.#snapshot ??= Object.freeze([...this.#fields])
    return this.#snapshot
  }

  get version(): number {
    return this.#version
  }

  get columnCount(): number {
    return this.#fields.length
  }

  /** Rows handed to any builder of the stage, the one that failed included: the row number in messages, counted from 1. */
  get rowsSeen(): number {
    return this.#rowsSeen
  }

  countRow(): void {
    this.#rowsSeen++
  }

  field(index: number): Field {
    return this.#fields[index] as Field
  }

  /**
   * The column of that name, added as null at the end if it is new.
   * @throws MillraceError `TooManyColumns` beyond 4,096.
   */
  indexOf(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    const index = this.#fields.length
    if (index === COLUMNS_MAX) {
      throw new MillraceError(
        'TooManyColumns',
        `${this.#place(name)}: more than ${COLUMNS_MAX} different keys; put what varies into a value, as in { key, value }`,
      )
    }
    this.#index.set(name, index)
    this.#put(index, { name, type: 'null' })
    return index
  }

  /**
   * Gives a column its type because of a value.
   * @throws MillraceError `ColumnType` when it has another one.
   */
  widen(index: number, type: ColumnType, value: unknown): void {
    const field = this.field(index)
    if (field.type === type) return
    if (field.type !== 'null') {
      throw this.refusal(field.name, `is ${describe(value)}, but the column is ${field.type}; map every value of it to one type`)
    }
    this.#put(index, { name: field.name, type })
  }

  /** An error about the value that the current row has in a column. */
  refusal(name: string, what: string): MillraceError {
    return new MillraceError('ColumnType', `${this.#place(name)} ${what}`)
  }

  #place(name: string): string {
    return `stage ${JSON.stringify(this.stage)}, row ${this.#rowsSeen}: column ${JSON.stringify(name)}`
  }

  #put(index: number, field: Field): void {
    this.#fields[index] = Object.freeze(field)
    this.#snapshot = undefined
    this.#version++
  }
}
