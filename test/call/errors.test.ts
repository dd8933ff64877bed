import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MillraceError, registerError } from '../../src/index.js'
import { CONFIGURATIONS, collect, connected, failure, nameOf } from '../support/connections.js'
import { NamelessError, QuotaError, StrangeError } from './errors.worker.js'

type Worker = typeof import('./errors.worker.js')

const URL_OF_WORKER = new URL('./errors.worker.js', import.meta.url)

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  )
}

/** What must arrive of each that is thrown. */
const ARRIVES: Readonly<Record<string, (error: never) => void>> = {
  registered: (error: QuotaError) => {
    assert.ok(error instanceof QuotaError && error instanceof Error)
    assert.deepEqual(
      [error.name, error.message, error.left, error.whose, error.isEmpty],
      ['QuotaError', '3 left', 3, { user: 'ann' }, false],
    )
  },
  nameless: (error: NamelessError & { extra: number[] }) => {
    assert.ok(error instanceof NamelessError)
    assert.deepEqual([error.name, error.message, error.extra], ['Error', 'why', [1, 2]])
  },
  strange: (error: Error & { code: string }) => {
    assert.equal(error instanceof Error, true)
    assert.equal(error instanceof StrangeError, false)
    assert.deepEqual([error.name, error.message, error.code], ['StrangeError', 'odd', 'E_STRANGE'])
    assert.ok(error.cause instanceof QuotaError && error.cause.isEmpty)
  },
  range: (error: RangeError & { code: string; at: object }) => {
    assert.ok(error instanceof RangeError)
    assert.deepEqual([error.message, error.code, error.at], ['far', 'E_FAR', { row: 7 }])
  },
  dom: (error: DOMException) => {
    assert.ok(error instanceof DOMException)
    assert.deepEqual([error.name, error.message, error.code], ['AbortError', 'not now', DOMException.ABORT_ERR])
  },
  aggregate: (error: AggregateError) => {
    assert.ok(error instanceof AggregateError && error.errors[0] instanceof TypeError)
    assert.deepEqual([error.message, error.errors[0].message, error.errors[1]], ['both', 'first', 'second'])
  },
  uncloneable: (error: TypeError & Record<string, unknown>) => {
    assert.ok(error instanceof TypeError)
    assert.deepEqual([error.message, error.kept, 'callback' in error, 'symbol' in error], ['kept', 1, false, false])
  },
  frozen: (error: Error & { degrees: number }) =>
    assert.deepEqual([error.message, error.degrees, Object.isFrozen(error)], ['cold', -3, false]),
  hostile: (error: Error) => assert.deepEqual([error.message, 'own' in error], ['hidden', false]),
  text: (error: unknown) => assert.equal(error, 'just text'),
  null: (error: unknown) => assert.equal(error, null),
  nothing: (error: unknown) => assert.equal(error, undefined),
  number: (error: unknown) => assert.equal(error, 42),
  object: (error: unknown) => assert.deepEqual(error, { reason: 'plain', nested: { deep: true } }),
}

for (const options of CONFIGURATIONS) {
  describe(`errors as themselves, with ${nameOf(options)}`, () => {
    test('from value calls and from streams, after the values before', async () => {
      await connected<Worker>(URL_OF_WORKER, options, async ({ api }) => {
        for (const [what, check] of Object.entries(ARRIVES)) {
          check((await thrownBy(api.throws({ what }))) as never)
          const stream = api.throwsAfterOne({ what })
          assert.deepEqual(await stream.next(), { value: 1, done: false })
          check((await thrownBy(stream.next())) as never)
        }
      })
    })

    test('and of an input, there and back', async () => {
      await connected<Worker>(URL_OF_WORKER, options, async ({ api }) => {
        async function* numbers(): AsyncGenerator<number> {
          yield 1
          throw new QuotaError(0, { user: 'eve' })
        }
        const error = await failure(collect(api.passesOn(numbers())))
        assert.ok(error instanceof QuotaError && error.isEmpty && error.whose.user === 'eve')
      })
    })
  })
}

test('the stack of whoever waits stands above that of the other side', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    async function waitsHere(): Promise<void> {
      await api.throws({ what: 'range' })
    }
    async function readsHere(): Promise<void> {
      for await (const _value of api.throwsAfterOne({ what: 'range' }));
    }
    for (const [wait, name] of [
      [waitsHere, 'waitsHere'],
      [readsHere, 'readsHere'],
    ] as const) {
      const [head, ...frames] = String((await failure(wait())).stack).split('\n')
      assert.equal(head, 'RangeError: far')
      const border = frames.indexOf('    at participant 1:')
      assert.match(frames.slice(0, border).join('\n'), new RegExp(`at async ${name} .*errors[.]test`))
      assert.ok(
        frames.slice(0, border).every((line) => !/dist\/src/.test(line)),
        'frames of our own',
      )
      assert.match(frames[border + 1], /errors[.]worker/)
    }
  })
})

test('what is no class of errors, and a name that is taken, are refused; the same class again is not', () => {
  registerError(QuotaError)
  class Other extends Error {}
  for (const [Class, name] of [
    [Other, 'QuotaError'],
    [Other, 'TypeError'],
    [Other, 'PeerLostError'],
    [Other, ''],
    [class {} as never, 'Plain'],
    [undefined as never, 'Nothing'],
  ] as const) {
    assert.throws(
      () => registerError(Class, name),
      (error) => error instanceof MillraceError && error.code === 'InvalidArgument',
    )
  }
})
