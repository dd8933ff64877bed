import { MillraceError } from '../../src/base/errors.js'
import { serve, stream } from '../../src/index.js'

/** What happened in this worker, for tests that ask afterwards. */
const happened: Record<string, number> = {}
const count = (what: string): void => {
  happened[what] = (happened[what] ?? 0) + 1
}

export class Refusal extends RangeError {
  override name = 'Refusal'
  readonly code = 'E_REFUSED'
  readonly detail = { at: 3 }
}

function raise(kind: string): never {
  switch (kind) {
    case 'type':
      throw new TypeError('of the wrong type', { cause: new Error('deeper', { cause: 'deepest' }) })
    case 'own':
      throw new Refusal('refused')
    case 'aggregate':
      throw new AggregateError([new RangeError('first'), 'second'], 'both')
    case 'millrace':
      throw new MillraceError('InvalidArgument', 'one of ours')
    case 'string':
      throw 'only text'
    case 'undefined':
      throw undefined
    case 'abort':
      throw new DOMException('aborted by hand', 'AbortError')
    default:
      throw new Error(kind)
  }
}

const VALUES: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1.5,
  2n ** 70n,
  true,
  false,
  '',
  'text',
  'ünï \u0000 \u{1f600}',
  '\ud800 alone',
  'x'.repeat(0x4000),
  'é'.repeat(0x4001),
  new Date(86_400_000),
  new Map<unknown, unknown>([
    ['a', new Set([1, 2])],
    [{ key: 1 }, [undefined, null]],
  ]),
  // biome-ignore lint/suspicious/noSparseArray: a hole must arrive as a hole
  { nested: { array: [1, , 3], bytes: Uint8Array.of(1, 2, 3) } },
  [],
  {},
  /x+/giu,
  new Float64Array([1.5, -0]),
  Uint8Array.of(1, 2, 3),
  Buffer.from('buffer'),
  new Uint8Array(0),
  Uint8Array.of(0, 1, 2, 3, 4, 5).subarray(2, 5),
  new Uint8Array(0x4001).fill(7),
  new Uint8Array(100_000).fill(9),
]

export default serve({
  // Streams.
  *count({ from = 0, to = Number.POSITIVE_INFINITY }: { from?: number; to?: number }) {
    count('count begun')
    try {
      for (let n = from; n < to; n++) yield n
    } finally {
      count('count finally')
    }
  },
  async *countSlowly({ from = 0, to = Number.POSITIVE_INFINITY }: { from?: number; to?: number }) {
    count('countSlowly begun')
    try {
      for (let n = from; n < to; n++) {
        await new Promise((resolve) => setImmediate(resolve))
        yield n
      }
    } finally {
      await null
      count('countSlowly finally')
    }
  },
  *values() {
    yield* VALUES
  },
  async *valuesSlowly() {
    for (const value of VALUES) {
      await null
      yield value
    }
  },
  *nothing() {},
  *mutated() {
    const row = { n: 0 }
    const bytes = new Uint8Array(8)
    for (let n = 0; n < 50; n++) {
      row.n = n
      bytes.fill(n)
      yield row
      yield bytes
    }
  },
  *mutatedLarge() {
    const bytes = new Uint8Array(300_000)
    for (let n = 0; n < 5; n++) {
      bytes.fill(n)
      yield bytes
    }
  },
  *blocks({ blocks, bytes }: { blocks: number; bytes: number }) {
    for (let n = 0; n < blocks; n++) yield new Uint8Array(bytes).fill(n)
  },
  *throwsAfter({ values, kind }: { values: number; kind: string }) {
    for (let n = 0; n < values; n++) yield n
    raise(kind)
  },
  async *throwsAfterSlowly({ values, kind }: { values: number; kind: string }) {
    for (let n = 0; n < values; n++) {
      await null
      yield n
    }
    raise(kind)
  },
  *throwsInFinally() {
    try {
      for (;;) yield 1
    } finally {
      count('throwsInFinally')
      raise('in finally')
    }
  },
  *functions({ before }: { before: number }) {
    try {
      for (let n = 0; n < before; n++) yield n
      yield { call: () => 1 }
      yield 'never'
    } finally {
      count('functions finally')
    }
  },
  *produced({ bytes }: { bytes: number }) {
    for (;;) {
      count('produced')
      yield new Uint8Array(bytes)
    }
  },
  marked: stream((input: { to: number }) => Array.from({ length: input.to }, (_, n) => n)[Symbol.iterator]()),
  markedArray: stream((input: { to: number }) => Array.from({ length: input.to }, (_, n) => n)) as never,
  markedNothing: stream(() => 5 as never),
  markedThrows: stream((): IterableIterator<number> => raise('type')),
  /** An iterator that ends only when it is returned to. */
  waiting: stream(() => {
    let release: (result: IteratorResult<number>) => void = () => {}
    return {
      next: () => {
        count('waiting begun')
        return new Promise<IteratorResult<number>>((resolve) => {
          release = resolve
        })
      },
      return: async () => {
        count('waiting returned')
        release({ done: true, value: undefined })
        return { done: true as const, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }),
  /** The cancel may come before or after the generator goes on from its first value. */
  async *untilAborted(_input: undefined, { signal }) {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        count('untilAborted')
        resolve()
      })
    })
    yield 'begun'
    await aborted
  },
  /** Never lets the event loop turn between two values. */
  *spin(_input: undefined, ctx) {
    try {
      yield 'begun'
      while (!ctx.cancelled) count('spins')
    } finally {
      count('spin saw cancel')
    }
  },

  // Values.
  echo: (value: unknown) => value,
  later: async (value: unknown) => {
    await new Promise((resolve) => setImmediate(resolve))
    return value
  },
  value: ({ at }: { at: number }) => VALUES[at],
  sizeOf: (value: Uint8Array) => ({ length: value.length, first: value[0], last: value[value.length - 1] }),
  bytes: ({ length, fill }: { length: number; fill: number }) => new Uint8Array(length).fill(fill),
  fails: ({ kind }: { kind: string }) => raise(kind),
  failsLater: async ({ kind }: { kind: string }) => {
    await null
    raise(kind)
  },
  givesFunction: () => ({ call: () => 1 }) as unknown,
  givesIterator: () => [1, 2][Symbol.iterator]() as unknown,
  givesGenerator: () =>
    (async function* () {
      yield 1
    })() as unknown,
  waits: async (_input: undefined, { signal }) => {
    count('waits begun')
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve())
    })
    count('waits aborted')
  },
  spinValue: (_input: undefined, ctx) => {
    count('spinValue begun')
    while (!ctx.cancelled) count('spins')
    count('spinValue saw cancel')
  },
  worker: (_input: undefined, { worker }) => worker,
  *workers(_input: undefined, { worker }) {
    for (;;) yield worker
  },
  happened: ({ what }: { what: string }, { worker }) => ({ worker, count: happened[what] ?? 0 }),
})
