import { MillraceError } from '../base/errors.js'
import { describe } from './describe.js'
import { isInt32 } from './int32-columns.js'
import { type ColumnType, elementPath, type Field, type Kind, kindOf, memberPath, NESTING_MAX, type Schema } from './schema.js'

/** What the columns of a stage ask of it. */
export interface ShapeOwner {
  /** Counts a column in. `path` is for messages. @throws MillraceError `TooManyColumns` */
  added(path: string): void
  /** A column has changed. */
  changed(): void
  /** Whether a column of the rows is to hold its numbers as int32. */
  isInt32(name: string): boolean
  /** Begins a message about a column: stage, row and column. */
  place(path: string): string
}

/** One column of a stage as it grows: of its rows, of an object in them, or the elements of a list. */
export class ColumnShape {
  readonly name: string
  readonly owner: ShapeOwner
  readonly #path: string
  readonly #depth: number
  #kind: Kind = 'null'
  /** The type stays, int32 too. */
  #isFixed = false
  /** The fields of a struct, or one for the elements of a list. */
  #inside: FieldsShape | undefined

  constructor(name: string, owner: ShapeOwner, path: string, depth: number) {
    this.name = name
    this.owner = owner
    this.#path = path
    this.#depth = depth
  }

  get kind(): Kind {
    return this.#kind
  }

  get type(): ColumnType {
    const kind = this.#kind
    if (kind === 'struct') return Object.freeze({ struct: this.inside.schema })
    return kind === 'list' ? Object.freeze({ list: (this.inside.schema[0] as Field).type }) : kind
  }

  /** The columns inside a list, which is one, or a struct. */
  get inside(): FieldsShape {
    return this.#inside as FieldsShape
  }

  /**
   * Gives the column its type because of a value.
   * @throws MillraceError `ColumnType` when it has another one, or is nested too deep.
   */
  widen(kind: Kind, value: unknown): void {
    if (this.#kind === kind) return
    if (this.#kind !== 'null' && !this.#isWidenedBy(kind)) {
      throw this.refusal(`is ${describe(value)}, but the column is ${this.#kind}; map every value of it to one type`)
    }
    const isNested = kind === 'list' || kind === 'struct'
    if (isNested && this.#depth === NESTING_MAX) {
      throw this.refusal(`is ${describe(value)} inside ${NESTING_MAX} others; map it to text, for example with JSON.stringify`)
    }
    if (isNested) this.#inside = this.#open(kind)
    this.#kind = kind
    this.owner.changed()
  }

  /** Whether a number may be int32 here. */
  get takesInt32(): boolean {
    return this.#kind === 'int32' || (this.#kind === 'null' && this.#depth === 0 && this.owner.isInt32(this.name))
  }

  /** The kind that it has for a number, as by `widen`. @throws MillraceError `ColumnType` */
  widenBy(value: number): 'int32' | 'float64' {
    // A column that stays as it is takes minus zero as zero.
    const fits = isInt32(value) || (this.#isFixed && value === 0)
    const kind = fits && this.takesInt32 ? 'int32' : 'float64'
    this.widen(kind, value)
    return kind
  }

  /** A column of rows is int32 no more where its owner says so. */
  review(): void {
    if (this.#kind === 'int32' && !this.#isFixed && !this.owner.isInt32(this.name)) this.widen('float64', null)
  }

  /** The type that it has, if it has one, is to stay. */
  fix(): void {
    this.#isFixed = this.#kind !== 'null'
  }

  /** Takes a type that is known beforehand. */
  adopt(type: ColumnType): void {
    if (type !== 'null') this.widen(kindOf(type), null)
    this.fix()
    if (typeof type === 'string') return
    if ('list' in type) (this.inside.columns[0] as ColumnShape).adopt(type.list)
    else for (const field of type.struct) this.inside.adopt(field)
  }

  /** An error about the value that the current row has here. */
  refusal(what: string): MillraceError {
    return new MillraceError('ColumnType', `${this.place} ${what}`)
  }

  /** An error about a value that no column can hold. */
  unfit(value: unknown): MillraceError {
    const cure =
      'map it to a string, number, bigint, boolean, Date, Uint8Array, array, plain object or null, for example with JSON.stringify'
    return this.refusal(`is ${describe(value)}, which no column can hold; ${cure}`)
  }

  get place(): string {
    return this.owner.place(this.#path)
  }

  #isWidenedBy(kind: Kind): boolean {
    return this.#kind === 'int32' && kind === 'float64' && !this.#isFixed
  }

  #open(kind: Kind): FieldsShape {
    const depth = this.#depth + 1
    if (kind === 'struct') return new FieldsShape(this.owner, (name) => memberPath(this.#path, name), depth)
    const element = new FieldsShape(this.owner, () => elementPath(this.#path), depth)
    element.indexOf('')
    return element
  }
}

/** Columns side by side, in order of first sight: those of the rows, or of an object in them. */
export class FieldsShape {
  readonly columns: ColumnShape[] = []
  readonly #owner: ShapeOwner
  readonly #path: (name: string) => string
  readonly #depth: number
  readonly #index = new Map<string, number>()

  constructor(owner: ShapeOwner, path: (name: string) => string, depth: number) {
    this.#owner = owner
    this.#path = path
    this.#depth = depth
  }

  get schema(): Schema {
    return Object.freeze(this.columns.map(({ name, type }) => Object.freeze({ name, type })))
  }

  /** The column of that name, added as null at the end if it is new. @throws MillraceError `TooManyColumns` */
  indexOf(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    const path = this.#path(name)
    this.#owner.added(path)
    const index = this.columns.push(new ColumnShape(name, this.#owner, path, this.#depth)) - 1
    this.#index.set(name, index)
    return index
  }

  adopt({ name, type }: Field): void {
    ;(this.columns[this.indexOf(name)] as ColumnShape).adopt(type)
  }
}
