/** A row of about 100 bytes, as JSON. */
export interface Item {
  readonly id: number
  readonly name: string
  readonly city: string
  readonly score: number
  readonly active: boolean
}

export function item(id: number): Item {
  return { id, name: `customer ${id}`, city: 'Wuppertal-Elberfeld', score: id / 8, active: id % 3 === 0 }
}

/** What a rival is asked for, and how it is begun. */
export interface Rival {
  /** Reads so many items in a `for await` loop, or as its documentation says. */
  read(count: number): AsyncIterable<Item>
  stop(): Promise<unknown>
}
export type StartRival = () => Promise<Rival>

/** Items by the batch, the next one asked for while the one before is read: the quickest by hand. */
export async function* inBatches(
  count: number,
  size: number,
  ask: (from: number, to: number) => PromiseLike<readonly Item[]>,
): AsyncGenerator<Item> {
  const next = (from: number) => (from < count ? ask(from, Math.min(count, from + size)) : undefined)
  let batch = next(0)
  for (let from = size; batch !== undefined; from += size) {
    const items: readonly Item[] = await batch
    batch = next(from)
    yield* items
  }
}

export function itemsFrom(from: number, to: number): Item[] {
  return Array.from({ length: to - from }, (_none, index) => item(from + index))
}
