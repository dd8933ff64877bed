import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Api, connect, type RemoteStream, serve, stream } from '../../src/index.js'
import { compileMistakes } from '../support/mistakes.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only where the type of the value is exactly `T`. */
function is<T>() {
  return <V>(_value: V & (Equal<V, T> extends true ? unknown : 'the type is another one')): void => {}
}

interface Tree {
  readonly name: string
  readonly children: readonly Tree[]
}

const handlers = serve(
  {
    *count(to: number): Generator<number, string> {
      for (let n = 0; n < to; n++) yield n
      return 'done'
    },
    async *lines({ path }: { path: string }): AsyncGenerator<string> {
      yield path
    },
    marked: stream((_n: number) => new Set([1n]).values()),
    sum: (numbers: readonly number[]): number => numbers.length,
    later: async (tree: Tree): Promise<Date> => new Date(tree.name),
    nothing: (): void => {},
    optional: (n?: number): number => n ?? 0,
    anything: (value: unknown): unknown => value,
    generic: <T extends { id: number }>(row: T): T => row,
    pipe: async ({ rows }: { rows: AsyncIterable<{ n: number }>; name?: string }): Promise<number> => {
      for await (const row of rows) return row.n
      return 0
    },
    maps: (_map: ReadonlyMap<string, Date | undefined>): number => 0,
    state: (_input: undefined, { state }): number => state.n,
  },
  { setup: () => ({ n: 1 }) },
)

test('streams, results and promises have the types of their handlers', () => {
  const typed = async (api: Api<typeof handlers>): Promise<void> => {
    is<RemoteStream<number, string>>()(api.count(3))
    is<string>()(await api.count(3).result)
    for await (const n of api.count(3)) is<number>()(n)
    for await (const line of api.lines({ path: 'p' })) is<string>()(line)
    for await (const batch of api.lines({ path: 'p' }).batches()) is<string[]>()(batch)
    for await (const n of api.marked(1)) is<bigint>()(n)
    is<Promise<number>>()(api.sum([1]))
    is<Promise<Date>>()(api.later({ name: 'a', children: [{ name: 'b', children: [] }] }))
    is<Promise<void>>()(api.nothing())
    is<Promise<number>>()(api.optional())
    is<Promise<unknown>>()(api.anything(1))
    is<Promise<{ id: number }>>()(api.generic({ id: 1 }))
    is<Promise<number>>()(api.state())
    await api.maps(new Map([['a', undefined]]))
    async function* rows() {
      yield { n: 1 }
    }
    await api.pipe({ rows: rows() })
    await api.pipe({ rows: [{ n: 1 }].values(), name: 'x' })
    await api.pipe({ rows: ReadableStream.from([{ n: 1 }]) as unknown as AsyncIterable<{ n: number }> }, { retry: true })
    // @ts-expect-error a value call has no mark
    await api.sum([1], { highWaterMark: 1 })
    // @ts-expect-error rows of another type
    await api.pipe({ rows: [{ m: 1 }].values() })
    // @ts-expect-error the input is missing
    await api.sum()
    // @ts-expect-error it takes no input
    await api.nothing(5)
  }
  assert.equal(typeof typed, 'function')
  assert.equal(typeof connect, 'function')
})

const HEAD = `import { connect, serve } from '../../../src/index.js'
class User { constructor(readonly name: string) {} save(): void {} }
const handlers = serve({
  *count({ to }: { to: number }) { for (let n = 0; n < to; n++) yield n },
  sum: (numbers: readonly number[]): number => numbers.length,
  callback: (input: { rows: readonly number[]; options: { onRow: (n: number) => void } }): number => input.rows.length,
  user: (input: { user: User }): string => input.user.name,
  promise: (input: Promise<number>): number => 1,
  symbol: (input: { list: readonly { tag: symbol }[] }): number => input.list.length,
  map: (input: Map<string, () => void>): number => input.size,
})
const { api } = await connect<typeof handlers>(new URL('file:///x.js'))
`
const MISTAKES: [code: string, message: RegExp][] = [
  ['await api.callback({ rows: [1], options: { onRow: () => {} } })', /SendPlainDataInsteadOf<"options[.]onRow">/],
  ["await api.user({ user: new User('ann') })", /SendPlainDataInsteadOf<"user[.]save">/],
  ['await api.promise(Promise.resolve(1))', /SendPlainDataInsteadOf<"the input itself">/],
  ["await api.symbol({ list: [{ tag: Symbol('t') }] })", /SendPlainDataInsteadOf<"list[.][(]element[)][.]tag">/],
  ['await api.map(new Map([["a", () => {}]]))', /SendPlainDataInsteadOf<"[(]value[)]">/],
  ["await api.sum(['1'])", /Type 'string' is not assignable to type 'number'/],
  ['api.count({ too: 1 })', /'too' does not exist in type .*|not assignable/],
  ['api.counts({ to: 1 })', /Property 'counts' does not exist/],
  ['(async () => { for await (const n of api.sum([1])) n })', /must have a '\[Symbol[.]asyncIterator\]\(\)' method/],
  ['(await api.count({ to: 1 })) + 1', /Operator '[+]' cannot be applied to types 'RemoteStream<number, void>' and/],
]

test('what the compiler says names the member or the cure, in at most three lines', async () => {
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
