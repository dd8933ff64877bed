import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  arrow,
  asc,
  type Columns,
  type Ctx,
  csv,
  desc,
  type Flow,
  flow,
  rows as given,
  jsonl,
  lines,
  parquet,
  runAll,
  to,
} from '../../src/flow.js'
import { compileMistakes } from '../support/mistakes.js'
import { loadRanks, long, ranked, shout, words } from './stages.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Flat<T> = { [C in keyof T]: T[C] }
type RowOf<F> = F extends Flow<infer R> ? R : never

/** Compiles only where the row type of the flow is exactly `R`. */
function rows<R>() {
  return <F>(_flow: F & (Equal<RowOf<F>, R> extends true ? unknown : 'the row type is another one')): void => {}
}

const start = flow('file:///stages.js')
const counted = start.read(lines('a')).flatMap(words, { params: { min: 3 } })

interface Trade {
  id: bigint
  price: number | null
  at: Date
  who: string
}
const trades = start.read(jsonl<Trade>('t'))

interface Post {
  id: string & { readonly brand: 'id' }
  raw: Uint8Array
  kind: 'a' | 'b' | null
  tags: string[]
  at?: { x: number } | null
  refs: string | readonly string[]
  any: unknown
}
const posts = start.read(jsonl<Post>('p'))

function isBig(row: Trade): row is Trade & { price: number } {
  return row.price !== null
}
function scalar(): number {
  return 1
}
function list(): { n: number }[] {
  return []
}
function day(row: Trade): Date {
  return row.at
}
function maybe(row: Trade): Trade | null {
  return row.price ? row : null
}
function bytes(): Uint8Array {
  return new Uint8Array()
}
function nothing(): void {}
function index(): Map<string, number> {
  return new Map()
}
async function later(): Promise<{ n: number }> {
  return { n: 1 }
}
function strings(): string[] {
  return []
}
async function* laterMany(): AsyncGenerator<{ n: number }> {}
function text(): string {
  return ''
}
function needs(row: { who: string }, ctx: Ctx<{ a: number }, { b: string }>): { x: string } {
  return { x: row.who + ctx.params.a + ctx.state.b }
}
function prepare(ctx: { params: { a: number } }): { b: string } {
  return { b: String(ctx.params.a) }
}
function wrongState(): { b: number } {
  return { b: 1 }
}
function unsuffixed(row: Trade & { age_r: number | null; who_r: string }): Trade & { age: number | null; who_r: string } {
  const { age_r: age, ...rest } = row
  return { ...rest, age }
}
function shoutAny(row: Record<string, unknown>): Record<string, unknown> {
  return row
}
function fails(): never {
  throw new Error('never runs')
}

function* spans(trades: Iterable<Trade>, ctx: Ctx<{ gap: number }>): Generator<{ who: string; n: number }> {
  for (const { who } of trades) yield { who, n: ctx.params.gap }
}
function halves(trades: Trade[]): { half: number }[] {
  return trades.map(({ price }) => ({ half: (price ?? 0) / 2 }))
}
function halved({ who, price }: Columns<Trade>): { who: ArrayLike<string>; half: Float64Array; at: (Date | null)[] } {
  return { who, half: Float64Array.from(price, (each) => (each ?? 0) / 2), at: [] }
}
function ofText(): { who: string } {
  return { who: '' }
}
async function laterText(): Promise<string> {
  return ''
}
const spread = {
  init: () => ({ low: 0, high: 0 }),
  step: (state: { low: number; high: number }, row: Trade) => ({ ...state, high: row.price ?? 0 }),
  merge: (a: { low: number; high: number }, b: { low: number; high: number }) => ({ low: a.low, high: b.high }),
  finish: (state: { low: number; high: number }) => ({ spread: state.high - state.low }),
}
const noMerge = { init: spread.init, step: spread.step, finish: spread.finish }
const ofOthers = { ...spread, step: (state: { low: number; high: number }, _row: { other: string }) => state }
const toText = { ...spread, finish: () => 'text' }

test('row types follow through every step', () => {
  rows<{ text: string; file: string; offset: number }>()(
    start.read(lines('a')).map(function same(row) {
      return { ...row }
    }),
  )
  rows<{ word: string; size: number }>()(counted.filter(long).limit(2).sort('size'))
  rows<{ word: string; loud: true }>()(counted.map(shout))
  rows<{ word: string; rank: number }>()(counted.map(ranked, { setup: loadRanks }))
  rows<Trade & { price: number }>()(trades.filter(isBig))
  rows<{ x: string }>()(trades.map(needs, { params: { a: 1 }, setup: prepare }))
  rows<{ word: string; n: number }>()(counted.groupBy('word', (a) => ({ n: a.count() })).sort(desc('n'), asc('word')))
  rows<{ word: string; size: number }>()(counted.groupBy(['word', 'size']))
  rows<{ who: string; ids: bigint | null; total: number | null; mean: number | null; first: Date | null; last: string | null }>()(
    trades.groupBy('who', (a) => ({ ids: a.sum('id'), total: a.sum('price'), mean: a.avg('id'), first: a.min('at'), last: a.max('who') })),
  )
  rows<{ who: string; different: number; cheapest: bigint | null; dearest: Date | null }>()(
    trades.groupBy('who', (a) => ({
      different: a.countDistinct('at'),
      cheapest: a.first('id', { by: 'price' }),
      dearest: a.last('at', { by: 'price' }),
    })),
  )
  rows<{ who: string; n: number }>()(trades.perKey('who', { orderBy: ['at', desc('id')], params: { gap: 1 } }, spans))
  rows<{ half: number }>()(trades.mapBatches(halves, { rows: 5 }))
  rows<{ who: string; half: number; at: Date | null }>()(trades.mapColumns(halved, { rows: 5 }))
  rows<{ n: number }>()(trades.mapAsync(later, { concurrency: 5, onError: 'skip' }))
  rows<Trade>()(trades.topPerKey(['who'], { orderBy: 'at', rows: 3 }).sort('at', { stable: true }))
  rows<{ who: string; spread: number }>()(trades.reduceBy('who', spread))
  rows<{ delay: number; note: string | null; id: bigint }>()(
    start.read(parquet('f', { columns: { delay: 'float64', note: 'utf8?', id: 'int64' } })),
  )
  rows<Record<string, unknown>>()(start.read(parquet('f')))
  rows<{ n: number; text: string | null }>()(
    start.read(csv('f', { columns: { n: 'int32', text: 'utf8?' }, onError: to.jsonl('bad/'), maxErrors: 3 })),
  )
  rows<Record<string, string | null>>()(start.read(csv('f', { onError: 'skip' })))
  rows<Trade>()(start.read(jsonl<Trade>('f', { onError: 'skip' })))
  rows<{ file: string; rows: number; bytes: number }>()(trades.write(to.jsonl('out/', { resume: { everyMs: 5 } })))
  rows<{ delay: number; at: Date | null }>()(start.read(arrow('f', { columns: { delay: 'float64', at: 'timestamp?' } })))
  rows<{ delay: number | null; from: string; to: string | null }>()(
    start.read(arrow('f', { columns: { delay: 'int32?', from: 'dictionary', to: 'dictionary?' } })),
  )
  trades.write(to.arrow('f', { columns: { who: 'dictionary', at: 'timestamp?' } }))
  rows<Trade>()(start.read(arrow<Trade>('f')))
  rows<Trade>()(start.read(given<Trade>('trades')))
  rows<Record<string, unknown>>()(start.read(given('trades')))
  rows<never>()(trades.map(fails))
  const people = start.read(jsonl<{ name: string; age: number | null; who: string }>('p'))
  rows<Flat<Trade & { name: string; age: number | null }>>()(trades.join(people, { on: 'who' }))
  rows<Trade & { age: number | null; who_r: string }>()(trades.join(people, { on: { who: 'name' }, suffix: '_r' as const }).map(unsuffixed))
  rows<Flat<Trade & { name: string | null; age: number | null }>>()(trades.join(people, { on: ['who'], kind: 'left' }))
  rows<Trade>()(trades.join(people, { on: 'who', kind: 'semi', exchange: 'broadcast' }))
  rows<Trade>()(trades.union(trades).distinct().exchange.roundRobin().exchange.gather())
  rows<{ who: string }>()(trades.distinct('who'))
  rows<{ id: Post['id']; raw: Uint8Array; any: unknown; first: Uint8Array | null }>()(
    posts.groupBy(['id', 'raw', 'any'], (a) => ({ first: a.min('raw') })),
  )
  rows<Post>()(
    posts
      .sort('raw', desc('kind'), 'any')
      .exchange.hash('raw', 'id')
      .join(posts, { on: ['raw', 'kind'], kind: 'semi' })
      .distinct(),
  )
  // Of rows whose columns are not known none can be said to clash.
  const any = start.read(jsonl('a'))
  any.join(any, { on: 'id' }).map(shoutAny)
  any.join(trades, { on: { x: 'id' }, suffix: '_r' })
  trades.join(any, { on: 'who', kind: 'left' })
})

test('mistakes are refused by the compiler', () => {
  const refused = (): void => {
    // @ts-expect-error the stage needs its params
    start.read(lines('a')).flatMap(words)
    // @ts-expect-error the params are of another type
    start.read(lines('a')).flatMap(words, { params: { min: '3' } })
    // @ts-expect-error the stage needs its state
    trades.map(needs, { params: { a: 1 } })
    // @ts-expect-error setup makes another state
    trades.map(needs, { params: { a: 1 }, setup: wrongState })
    // @ts-expect-error the row has no such column
    trades.map(shout)
    // @ts-expect-error no such column
    counted.groupBy('wrod')
    // @ts-expect-error no such column
    counted.sort(desc('n'))
    // @ts-expect-error no such column any more
    counted.groupBy('word', (a) => ({ n: a.count() })).sort('size')
    // @ts-expect-error text cannot be summed
    counted.groupBy('size', (a) => ({ n: a.sum('word') }))
    // @ts-expect-error a Date has no average
    trades.groupBy('who', (a) => ({ n: a.avg('at') }))
    // @ts-expect-error no such column
    counted.exchange.hash('nope')
    // @ts-expect-error no such column on the right
    trades.join(counted, { on: 'who' })
    // @ts-expect-error no such column on the right
    trades.join(counted, { on: { who: 'nope' } })
    // @ts-expect-error a bigint is never equal to text
    trades.join(counted, { on: { id: 'word' } })
    // @ts-expect-error both have the other columns
    trades.join(trades, { on: 'who' })
    // @ts-expect-error no such kind
    trades.join(counted, { on: { who: 'word' }, kind: 'outer' })
    // @ts-expect-error rows of another type
    trades.union(counted)
    // @ts-expect-error no such column
    trades.distinct('nope')
    // @ts-expect-error a list is no key
    posts.groupBy('tags')
    // @ts-expect-error an object is no key
    posts.groupBy(['id', 'at'])
    // @ts-expect-error a list of some rows alone is no key either
    posts.distinct('refs')
    // @ts-expect-error a list has no order
    posts.sort(desc('tags'))
    // @ts-expect-error an object has no order
    posts.sort('id', 'at')
    // @ts-expect-error a list is no key
    posts.exchange.hash('tags')
    // @ts-expect-error a list is no key
    posts.join(posts, { on: 'tags', kind: 'semi' })
    // @ts-expect-error an object is no key
    posts.join(posts, { on: { at: 'id' }, kind: 'semi' })
    // @ts-expect-error a list is no key on the right either
    posts.join(posts, { on: { id: 'tags' }, kind: 'semi' })
    // @ts-expect-error a list has no order
    posts.groupBy('id', (a) => ({ least: a.min('tags') }))
    // @ts-expect-error a list is nothing to count
    posts.groupBy('id', (a) => ({ n: a.countDistinct('tags') }))
    // @ts-expect-error an object has no order
    posts.groupBy('id', (a) => ({ last: a.last('tags', { by: 'at' }) }))
    // @ts-expect-error no such column type
    parquet('f', { columns: { delay: 'double' } })
    // @ts-expect-error a scalar is no row
    trades.map(scalar)
    // @ts-expect-error an array is no row
    trades.map(list)
    // @ts-expect-error a Date is no row
    trades.map(day)
    // @ts-expect-error null is no row
    trades.map(maybe)
    // @ts-expect-error bytes are no row
    trades.map(bytes)
    // @ts-expect-error a Map is no row
    trades.map(index)
    // @ts-expect-error nothing is no row
    trades.map(nothing)
    // @ts-expect-error async
    trades.map(later)
    // @ts-expect-error async
    trades.filter(later)
    // @ts-expect-error text is no row
    trades.flatMap(strings)
    // @ts-expect-error async
    trades.flatMap(laterMany)
    // @ts-expect-error letters are no rows
    trades.flatMap(text)
    // @ts-expect-error not iterable
    trades.flatMap(scalar)
    // @ts-expect-error no such column
    trades.topPerKey('nope', { orderBy: 'at', rows: 3 })
    // @ts-expect-error no such column
    trades.topPerKey('who', { orderBy: 'nope', rows: 3 })
    // @ts-expect-error how many
    trades.topPerKey('who', { orderBy: 'at' })
    // @ts-expect-error no such column
    trades.perKey('nope', { params: { gap: 1 } }, spans)
    // @ts-expect-error the function needs its params
    trades.perKey('who', { orderBy: 'at' }, spans)
    // @ts-expect-error rows of another type
    counted.perKey('word', { params: { gap: 1 } }, spans)
    // @ts-expect-error the function takes one row, not many
    trades.mapBatches(day)
    // @ts-expect-error the function takes many rows, not their columns
    trades.mapColumns(halves)
    // @ts-expect-error text is no column
    trades.mapColumns(ofText)
    // @ts-expect-error columns of other rows
    counted.mapColumns(halved)
    // @ts-expect-error a promise of text is no row
    trades.mapAsync(laterText)
    // @ts-expect-error without merge
    trades.reduceBy('who', noMerge)
    // @ts-expect-error of other rows
    trades.reduceBy('who', ofOthers)
    // @ts-expect-error text is no row
    trades.reduceBy('who', toText)
    // @ts-expect-error by what
    trades.groupBy('who', (a) => ({ n: a.first('at') }))
    // @ts-expect-error no such column
    trades.groupBy('who', (a) => ({ n: a.last('at', { by: 'nope' }) }))
    // @ts-expect-error no such option
    trades.map(shoutAny, { onError: 'ignore' })
    // @ts-expect-error
    csv('f', { onError: 'ignore' })
    // @ts-expect-error
    jsonl('f', { onError: to.csv<{ other: string }>('bad/') })
    // @ts-expect-error
    lines('f', { onError: 'skip' })
    // @ts-expect-error
    to.jsonl('out/', { resume: 'always' })
  }
  assert.equal(typeof refused, 'function')
})

test('the rows of several flows are told apart by the number of their flow', () => {
  const typed = async () => {
    const run = runAll([counted, trades], { workers: 0 })
    const all: [{ word: string; size: number }[], Trade[]] = await run.collect()
    for await (const each of run) {
      if (each.flow === 0) each.row satisfies { word: string }
      else each.row satisfies Trade
      // @ts-expect-error of either
      each.row.word
      // @ts-expect-error there are two
      if (each.flow === 2) return
    }
    for await (const each of run.batches()) if (each.flow === 1) each.rows satisfies readonly Trade[]
    // As many as there are, of one type.
    const many: Flow<Trade>[] = [trades, trades]
    const same: Trade[][] = await runAll(many).collect()
    for await (const { flow, row } of runAll(many)) [flow satisfies number, row satisfies Trade]
    // @ts-expect-error no flows
    runAll([counted, {}])
    // @ts-expect-error one flow
    runAll(counted)
    return [all, same]
  }
  assert.equal(typeof typed, 'function')
})

const HEAD = `import { desc, flow, jsonl } from '../../../src/flow.js'
const trades = flow('file:///x.js').read(jsonl<{ who: string; price: number; tags?: string[] }>('t'))
export function scalar(row: { price: number }): number { return row.price }
export async function later(row: { price: number }): Promise<{ n: number }> { return { n: row.price } }
export function words(row: { who: string }): string[] { return [row.who] }
`
const MISTAKES: [code: string, message: RegExp][] = [
  ['trades.map(scalar)', /A map returns one row: a plain object, not a scalar/],
  ['trades.map(later)', /A stage function is synchronous: this one returns a promise/],
  ['trades.flatMap(words)', /A flatMap yields rows: plain objects, not scalars/],
  ["trades.sort(desc('prize'))", /"prize"/],
  ["trades.groupBy('tags')", /"tags"/],
  ["trades.sort(desc('tags'))", /"tags"/],
  ["trades.join(trades, { on: { tags: 'who' } })", /tags/],
  ["trades.join(trades, { on: 'who' })", /Both sides have a column \\"price\\": give a suffix for those of the right/],
  ["trades.join(trades, { on: { who: 'price' } })", /The key \\"who\\" has another type on the right: they are never equal/],
]

test('what the compiler says names the cure, in at most three lines', async () => {
  const said = await compileMistakes(
    new URL('.', import.meta.url),
    HEAD,
    MISTAKES.map(([code]) => code),
  )
  for (const [i, [code, message]] of MISTAKES.entries()) {
    assert.match(said[i].join('\n'), message, code)
    assert.ok(said[i].length <= 3, said[i].join('\n'))
  }
})
