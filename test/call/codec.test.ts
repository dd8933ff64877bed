import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../src/index.js'
import { collect, connected, failure } from '../support/connections.js'
import { columns } from './codec.js'

type Module = typeof import('./codec.worker.js')
const URL_OF_WORKER = new URL('./codec.worker.js', import.meta.url)
const texts = { encode: (text: string) => Buffer.from(text), decode: (bytes: Uint8Array) => Buffer.from(bytes).toString() }
const codecs = { numbers: columns, again: columns, wrong: texts, throws: columns, relayed: columns }

for (const workers of [0, 2]) {
  test(`batches go as their codec makes them, short and long (${workers} workers)`, async () => {
    await connected<Module>(URL_OF_WORKER, { workers, codecs }, async ({ api, on }) => {
      for (const rows of [0, 1, 100, 3000, 20_000]) {
        let batches = 0
        for await (const { batch, values } of api.numbers({ batches: 20, rows }, { reuse: rows === 3000 })) {
          assert.equal(batch, batches++)
          assert.equal(values.length, rows)
          if (rows > 0) assert.equal(values[rows - 1], batch + (rows - 1) / 100_000)
        }
        assert.equal(batches, 20)
      }
      const all = await collect(api.again({ batches: 3, rows: 2 }, { retry: true }))
      assert.deepEqual(
        all.map(({ batch }) => batch),
        [0, 1, 2],
      )
      for await (const several of api.numbers({ batches: 50, rows: 10 }).batches())
        for (const { values } of several) assert.equal(values.length, 10)
      if (workers === 2) assert.equal((await collect(on(1).relayed(2))).length, 3)
      assert.deepEqual(await collect(api.plain(3)), [0, 1, 2])
    })
  })
}

test('what a codec throws ends its stream, on either side', async () => {
  const broken = { ...columns, decode: () => assert.fail('not to be read') }
  await connected<Module>(URL_OF_WORKER, { workers: 1, codecs: { ...codecs, again: broken } }, async ({ api }) => {
    assert.equal((await failure(api.wrong().next())).code, 'InvalidArgument')
    const stream = api.throws()
    assert.deepEqual(await stream.next(), { value: { batch: 1, values: new Float64Array(1) }, done: false })
    const error = await failure(stream.next())
    assert.deepEqual([error.name, error.message], ['RangeError', 'a batch before the first'])
    assert.equal((await failure(api.again({ batches: 3, rows: 1 }).next())).message, 'not to be read')
    assert.equal((await failure(collect(api.again({ batches: 3, rows: 5000 })))).message, 'not to be read')
    assert.deepEqual(await collect(api.plain(2)), [0, 1])
  })
})

test('a codec that is missing, or too many, is an error of connect', async () => {
  const { numbers: _missing, ...others } = codecs
  const missing = await failure(connect<Module>(URL_OF_WORKER, { workers: 1, codecs: others }))
  assert.equal(missing.code, 'InvalidArgument')
  assert.match(missing.message, /the handler 'numbers' is marked with coded\(\): give its codec/)
  const extra = await failure(connect<Module>(URL_OF_WORKER, { workers: 0, codecs: { ...codecs, plain: texts } }))
  assert.match(extra.message, /'plain', which is no handler marked with coded\(\)/)
})
