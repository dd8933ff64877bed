import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { takeCarrier, withCarrier } from '../../src/call/carrier.js'
import { readOne } from '../../src/call/value-reader.js'
import { ENTRY, encodeValue } from '../../src/call/value-writer.js'
import type { Carrier } from '../../src/index.js'
import { collect, connected, failure } from '../support/connections.js'

type Module = typeof import('./carrier.worker.js')
const URL_OF_WORKER = new URL('./carrier.worker.js', import.meta.url)
const LONG = 'x'.repeat(100_000)

for (const workers of [0, 1]) {
  test(`what is injected at a call surrounds its handler, whatever it waits for (${workers} workers)`, async () => {
    const here = new AsyncLocalStorage<string>()
    const inject = (): Carrier | undefined => {
      const traceparent = here.getStore()
      return traceparent === undefined ? undefined : { traceparent }
    }
    await connected<Module>(URL_OF_WORKER, { workers, inject, ringBytes: 0x4000 }, async ({ api }) => {
      assert.equal(await api.value(1), 'nothing')
      const [first, second] = await Promise.all(['a', 'b'].map((trace) => here.run(trace, () => api.value({ some: 'input' }))))
      assert.deepEqual([first, second], ['a', 'b'])
      assert.equal(await here.run('long', () => api.value(LONG)), 'long', 'an input that is a stream of its own')
      const stream = here.run('of its call', () => api.stream(3000))
      assert.deepEqual(new Set(await here.run('of its reader', () => collect(stream))), new Set(['of its call']))
      assert.deepEqual(await collect(here.run('slow', () => api.slowly(3))), ['slow', 'slow', 'slow'])
      const numbers = (async function* () {
        yield 1
        yield 2
      })()
      assert.deepEqual(await collect(here.run('each', () => api.each(numbers))), ['each 1', 'each 2'])
    })
  })
}

test('an extract that throws, or does not call run, fails the call; an inject that gives no texts too', async () => {
  let carrier: Carrier | undefined
  await connected<Module>(URL_OF_WORKER, { workers: 1, inject: () => carrier }, async ({ api }) => {
    carrier = { refuse: 'not you' }
    const refused = await failure(api.value(1))
    assert.deepEqual([refused.name, refused.message], ['RangeError', 'not you'])
    carrier = { forget: '' }
    assert.equal((await failure(api.value(1))).code, 'InvalidArgument')
    assert.equal((await failure(collect(api.stream(1)))).code, 'InvalidArgument')
    carrier = { traceparent: 1 } as never
    assert.equal((await failure(api.value(1))).code, 'InvalidArgument')
    carrier = { traceparent: '漢字 "quoted"' }
    assert.equal(await api.value(1), '漢字 "quoted"')
  })
})

test('a carrier that is none is a protocol error', () => {
  const message = withCarrier(encodeValue([1]), { a: 'b' })
  const taken = takeCarrier(message)
  assert.deepEqual([taken.carrier, readOne(taken.message)], [{ a: 'b' }, [1]])
  const entry = (text: string, length = text.length): Uint8Array => {
    const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(text.padEnd(16))])
    bytes.writeUInt32LE(((ENTRY.carrier << 28) | length) >>> 0, 0)
    return bytes
  }
  assert.deepEqual(takeCarrier(entry('{}')).carrier, {})
  for (const wrong of [entry('{'), entry('5'), entry('null'), entry('{"a":1}'), entry('{}', 17), entry('{}', 0)]) {
    assert.throws(() => takeCarrier(wrong), { code: 'Protocol' })
  }
  assert.throws(() => readOne(message), { code: 'Protocol' }, 'a carrier is no value')
})
