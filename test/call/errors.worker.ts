import { registerError, serve } from '../../src/index.js'

export class QuotaError extends Error {
  override name = 'QuotaError'

  constructor(
    readonly left: number,
    readonly whose: { readonly user: string },
  ) {
    super(`${left} left`)
    if (typeof whose.user !== 'string') throw new TypeError('its constructor needs what nobody made up')
  }

  get isEmpty(): boolean {
    return this.left === 0
  }
}

/** Nobody registers it. */
export class StrangeError extends Error {
  override name = 'StrangeError'
  readonly code = 'E_STRANGE'
}

/** Its name says nothing. */
export class NamelessError extends Error {}

registerError(QuotaError)
registerError(NamelessError, 'test.NamelessError')

class Hostile extends Error {
  get secret(): never {
    throw new Error('a getter')
  }
}

const withOwn = (error: Error, properties: object): Error => Object.assign(error, properties)

/** What is thrown, by name. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  registered: () => new QuotaError(3, { user: 'ann' }),
  nameless: () => withOwn(new NamelessError('why'), { extra: [1, 2] }),
  strange: () => new StrangeError('odd', { cause: new QuotaError(0, { user: 'bob' }) }),
  range: () => withOwn(new RangeError('far'), { code: 'E_FAR', at: { row: 7 } }),
  dom: () => new DOMException('not now', 'AbortError'),
  aggregate: () => new AggregateError([new TypeError('first'), 'second'], 'both'),
  uncloneable: () => withOwn(new TypeError('kept'), { callback: () => 1, kept: 1, symbol: Symbol('s') }),
  frozen: () => Object.freeze(withOwn(new Error('cold'), { degrees: -3 })),
  hostile: () => Object.defineProperty(new Hostile('hidden'), 'own', { get: () => assertNever(), enumerable: true }),
  text: () => 'just text',
  null: () => null,
  nothing: () => undefined,
  number: () => 42,
  object: () => Object.freeze({ reason: 'plain', nested: { deep: true } }),
}

function assertNever(): never {
  throw new Error('a getter that throws')
}

export default serve({
  throws({ what }: { what: string }): never {
    throw THROWN[what]()
  },
  *throwsAfterOne({ what }: { what: string }): Generator<number> {
    yield 1
    throw THROWN[what]()
  },
  async *passesOn(numbers: AsyncIterable<number>): AsyncGenerator<number> {
    yield* numbers
  },
})
