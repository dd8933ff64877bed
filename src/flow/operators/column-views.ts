import type { Block } from '../../columnar/block.js'

const BLOCK = Symbol('the rows')

interface Viewed {
  [BLOCK]?: Block
}

/** Of the first column, of the second, ...: the same for all views in a thread. */
const GETTERS: (() => unknown)[] = []

/**
 * Makes objects with the columns of some rows as own properties, each made when it is looked at. Objects of the same columns have the very same
 * getters, and so one hidden class. With getters of its own each would get a hidden class that keeps alive the rows of the one before, and
 * theirs: at two million rows a second the collector took two thirds of the time to move what nobody needs any more. With getters of each
 * run, what was optimized for one would be thrown away in the next.
 */
export class ColumnViews {
  #names: readonly string[] = []
  #properties: PropertyDescriptorMap = propertiesOf([])

  of(block: Block): object {
    if (!isSame(this.#names, block.names)) {
      this.#names = block.names
      this.#properties = propertiesOf(block.names)
    }
    const view: Viewed = Object.defineProperties({}, this.#properties)
    view[BLOCK] = block
    return view
  }
}

function propertiesOf(names: readonly string[]): PropertyDescriptorMap {
  const columns = names.map((name, index) => [name, { get: getterOf(index), enumerable: true, configurable: true }] as const)
  return { ...Object.fromEntries(columns), [BLOCK]: { value: undefined, writable: true } }
}

function getterOf(index: number): () => unknown {
  GETTERS[index] ??= function (this: Viewed) {
    return this[BLOCK]?.values(index)
  }
  return GETTERS[index]
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((name, index) => name === others[index]))
}
