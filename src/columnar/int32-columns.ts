/** Which columns of some rows are int32: a number in a row does not tell. What is known grows as files and batches come. */
export interface Int32Columns {
  has(column: string): boolean
  /** Calls `listener` whenever a column is int32 no more. */
  onWidened(listener: () => void): void
}

/** A column as a file or a batch has it; of type `null` where no value of it is known. */
export interface FoundColumn {
  readonly name: string
  readonly type: unknown
}

/** Of rows that functions made. */
export const NO_INT32: Int32Columns = { has: () => false, onWidened: () => {} }

/** What is known of rows that come from several files or senders: a column that is of another type in one of them is not int32, and never again. */
export class FoundInt32 implements Int32Columns {
  readonly #isInt32 = new Map<string, boolean>()
  readonly #listeners: (() => void)[] = []

  has(column: string): boolean {
    return this.#isInt32.get(column) === true
  }

  onWidened(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Takes in what some of the rows are, before they are handed on. */
  found(columns: readonly FoundColumn[]): void {
    let hasWidened = false
    for (const { name, type } of columns) {
      if (type === 'null') continue
      const isInt32 = type === 'int32'
      const before = this.#isInt32.get(name)
      if (before === false || before === isInt32) continue
      this.#isInt32.set(name, isInt32)
      hasWidened ||= before === true
    }
    if (hasWidened) for (const listener of this.#listeners) listener()
  }
}

/** Whether a number is a whole one of 32 bits, and not minus zero. */
export function isInt32(value: number): boolean {
  return Object.is(value | 0, value)
}
