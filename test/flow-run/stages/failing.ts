import type { Ctx } from 'millrace/flow'

/** An error of the user's own, with properties of its own. */
export class MillError extends TypeError {
  override readonly name = 'MillError'
  readonly code = 'E_MILL'

  constructor(
    message: string,
    readonly details: { readonly id: number },
  ) {
    super(message, { cause: new RangeError('the root of it') })
  }
}

type Row = { id: number }

/** Where each function throws: at this id. */
type At = Ctx<{ at: number }>

export function mapThrows(row: Row, ctx: At): Row {
  if (row.id === ctx.params.at) throw new MillError(`row ${row.id}`, { id: row.id })
  return row
}

export function filterThrows(row: Row, ctx: At): boolean {
  if (row.id === ctx.params.at) throw new MillError(`row ${row.id}`, { id: row.id })
  return true
}

export function flatMapThrows(row: Row, ctx: At): Row[] {
  if (row.id === ctx.params.at) throw new MillError(`row ${row.id}`, { id: row.id })
  return [row]
}

export function* generatorThrows(row: Row, ctx: At): Generator<Row> {
  yield row
  if (row.id === ctx.params.at) throw new MillError(`row ${row.id}`, { id: row.id })
}

export function* finallyThrows(row: Row, ctx: At): Generator<Row> {
  try {
    yield row
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: what such a generator does is what the test is about
    if (row.id === ctx.params.at) throw new MillError(`row ${row.id}`, { id: row.id })
  }
}

export function throwsText(row: Row): Row {
  throw `text of ${row.id}`
}

export function throwsNull(): Row {
  throw null
}

export function throwsObject(): Row {
  throw { reason: 'an object' }
}

export function throwsFrozen(): Row {
  throw Object.freeze(new Error('frozen'))
}

export function throwsHuge(): Row {
  throw Object.assign(new Error('x'.repeat(200_000)), { more: 'y'.repeat(100_000) })
}

export function withState(row: Row, ctx: Ctx<unknown, number>): Row {
  return { id: row.id + ctx.state }
}

export function setupThrows(): number {
  throw new MillError('setup', { id: -1 })
}

export async function setupRejects(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve))
  throw new MillError('setup', { id: -2 })
}

export function setupNeverEnds(): Promise<number> {
  return new Promise(() => {})
}

export function logsFunction(row: Row, ctx: Ctx): Row {
  ctx.log('info', { call: () => row })
  return row
}

export function returnsScalar(row: Row): object {
  return row.id as unknown as object
}

export function returnsPromise(row: Row): object {
  return Promise.resolve(row)
}

export function* everyTen(row: Row): Generator<Row> {
  for (let copy = 0; copy < 10; copy++) yield { id: row.id * 10 + copy }
}

export function exits(row: Row, ctx: At): Row {
  if (row.id === ctx.params.at) process.exit(3)
  return row
}

export function changed(row: Row): Row {
  return row
}

export function logsEach(row: Row, ctx: Ctx): Row {
  ctx.log('info', { id: row.id })
  return row
}
