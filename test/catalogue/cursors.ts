import { MillraceError } from '../../src/base/errors.js'
import { Wakeups } from '../../src/base/wakeups.js'
import type { Row } from '../../src/columnar/schema.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { RowInput } from '../../src/flow/row-input.js'

type Next = Row | typeof END | typeof PAUSE

/** Rows from nowhere. */
export function made(count: number, row: (n: number) => Row): RowInput {
  let at = 0
  return {
    next: () => (at < count ? row(at++) : END),
    ready: async () => {},
    close: () => {
      at = count
    },
  }
}

/** The rows of an input that pass, as something else. */
export function mapped(input: RowInput, map: (row: Row) => Row | undefined): RowInput {
  const next = (): Next => {
    for (;;) {
      const row = input.next()
      if (row === END || row === PAUSE) return row
      const out = map(row)
      if (out !== undefined) return out
    }
  }
  return { next, ready: () => input.ready(), close: () => input.close() }
}

/** All of the first input before any of the second. Where `last` says so after the first, the second is closed unread. */
export function inTurn(first: RowInput, second: RowInput, take: (row: Row, from: 0 | 1) => Row | undefined, last: () => boolean): RowInput {
  let current: RowInput | undefined = first
  const close = () => {
    current = undefined
    first.close()
    second.close()
  }
  const next = (): Next => {
    while (current !== undefined) {
      const row: Next = current.next()
      if (row === PAUSE) return PAUSE
      if (row === END) {
        if (current === second || last()) close()
        else current = second
        continue
      }
      const out = take(row, current === first ? 0 : 1)
      if (out !== undefined) return out
    }
    return END
  }
  return { next, ready: () => current?.ready() ?? Promise.resolve(), close }
}

/** A hash join by `id`: all of the build side, then the probe side; without a row to join with, the probe side is not read. */
export function hashJoin(build: RowInput, probe: RowInput): RowInput {
  const keys = new Set<unknown>()
  const take = (row: Row, from: 0 | 1) => {
    if (from === 1) return keys.has(row.id) ? row : undefined
    keys.add(row.id)
    return undefined
  }
  return inTurn(build, probe, take, () => keys.size === 0)
}

/** A join of two inputs in the order of `id`, which reads both in step. */
export function mergeJoin(left: RowInput, right: RowInput): RowInput {
  const wakeups = new Wakeups()
  const heads: [Next, Next] = [PAUSE, PAUSE]
  const inputs = [left, right] as const
  let closed = false
  const close = () => {
    closed = true
    left.close()
    right.close()
  }
  const next = (): Next => {
    while (!closed) {
      for (const side of [0, 1] as const) if (heads[side] === PAUSE) heads[side] = inputs[side].next()
      const [a, b] = heads
      if (a === END || b === END) close()
      else if (a === PAUSE || b === PAUSE) return PAUSE
      else {
        const [x, y] = [a.id as number, b.id as number]
        if (x <= y) heads[0] = PAUSE
        if (y <= x) heads[1] = PAUSE
        if (x === y) return a
      }
    }
    return END
  }
  const ready = async (): Promise<void> => {
    if (closed) return
    const missing = ([0, 1] as const).filter((side) => heads[side] === PAUSE)
    if (missing.length === 2) await wakeups.any({ left: () => left.ready(), right: () => right.ready() })
    else await inputs[missing[0] ?? 0].ready()
  }
  return { next, ready, close }
}

/** One input for two uses: what only one of them has read is kept for the other, up to a budget. */
export function tee(input: RowInput, rowsMax: number): [RowInput, RowInput] {
  const kept: [Row[], Row[]] = [[], []]
  const open: [boolean, boolean] = [true, true]
  let ended = false
  const use = (side: 0 | 1): RowInput => {
    const other = side === 0 ? 1 : 0
    const next = (): Next => {
      if (!open[side]) return END
      const row = kept[side].shift()
      if (row !== undefined) return row
      if (ended) return END
      const fresh = input.next()
      if (fresh === END) ended = true
      if (fresh === END || fresh === PAUSE) return fresh
      if (open[other] && kept[other].push(fresh) > rowsMax) {
        throw new MillraceError('QueueBudget', `${kept[other].length} rows are kept for the other use`)
      }
      return fresh
    }
    const close = () => {
      open[side] = false
      kept[side] = []
      if (!open[other]) input.close()
    }
    return { next, ready: () => (kept[side].length > 0 ? Promise.resolve() : input.ready()), close }
  }
  return [use(0), use(1)]
}
