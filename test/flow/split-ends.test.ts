import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../../src/columnar/schema.js'
import { type Cursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import { SplitCursor } from '../../src/flow/operators/split-cursor.js'
import { type LocatedRows, SplitEnds } from '../../src/flow/operators/split-ends.js'
import type { SplitFile } from '../../src/flow/sources/split.js'
import { drain, RowsCursor } from './support.js'

/** Rows `{ file, n }` of a range for each file, with a pause before each. */
class Located extends RowsCursor implements LocatedRows {
  readonly #ranges = new Map<string, SplitFile>()
  #last: Row | undefined

  override next(): Row | typeof END | typeof PAUSE {
    const row = super.next()
    if (typeof row !== 'symbol') this.#last = row
    return row
  }

  get current() {
    return this.#last && { file: this.#last.file as string, offset: this.#last.n as number }
  }

  get range(): SplitFile | undefined {
    const path = this.#last?.file as string | undefined
    if (path === undefined) return undefined
    if (!this.#ranges.has(path)) this.#ranges.set(path, { path, start: 0, end: 9 })
    return this.#ranges.get(path)
  }

  get splitId(): string | undefined {
    return this.range?.path
  }
}

const ROWS = ['a', 'a', 'b', 'c', 'c', 'c'].map((file, n) => ({ file, n }))

/** Gives nothing before the end of its input: then how many rows there were, and where it stands. */
class Counting implements Cursor<Row> {
  #count = 0
  #isOver = false

  constructor(
    readonly input: Cursor<Row>,
    readonly where: SplitEnds,
  ) {}

  next(): Row | typeof END | typeof PAUSE {
    if (this.#isOver) return END
    for (let row = this.input.next(); row !== END; row = this.input.next()) {
      if (row === PAUSE) return PAUSE
      this.#count++
    }
    this.#isOver = true
    return { count: this.#count, at: this.where.current?.offset, split: this.where.splitId }
  }

  close(): void {
    this.input.close()
  }
}

test('what functions keep back comes with its split, whose place they still see; then the split is told', () => {
  for (const pauses of [false, true]) {
    const told: unknown[] = []
    const source = new Located(ROWS, pauses)
    const ends = new SplitEnds(source)
    const cursor = new SplitCursor(
      ends,
      (input) => new Counting(input, ends),
      (split) => told.push(split),
    )
    const rows = drain(cursor).map((row) => [row, ...told])
    assert.deepEqual(
      rows.map(([row]) => row),
      [
        { count: 2, at: 1, split: 'a:0' },
        { count: 1, at: 2, split: 'b:0' },
        { count: 3, at: 5, split: 'c:0' },
      ],
    )
    assert.deepEqual(told, ['a:0', 'b:0', 'c:0'])
    assert.equal(cursor.next(), END)
    cursor.close()
    assert.equal(source.closed, 1)
  }
})

test('a split is told when all that came of it has been taken, and not where it was left', () => {
  const told: string[] = []
  const source = new Located(ROWS)
  const cursor = new SplitCursor(
    new SplitEnds(source),
    (input) => input,
    (split) => told.push(split),
  )
  const seen = [1, 2, 3, 4].map(() => [cursor.next(), ...told])
  assert.deepEqual(seen, [[ROWS[0]], [ROWS[1]], [ROWS[2], 'a:0'], [ROWS[3], 'a:0', 'b:0']])
  cursor.close()
  assert.equal(cursor.next(), END)
  assert.deepEqual(told, ['a:0', 'b:0'])
})

test('no rows are no split', () => {
  const told: string[] = []
  const cursor = new SplitCursor(
    new SplitEnds(new Located([])),
    (input) => input,
    (split) => told.push(split),
  )
  assert.deepEqual(drain(cursor), [])
  assert.deepEqual(told, [])
})
