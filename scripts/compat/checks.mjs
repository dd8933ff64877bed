/** What of the package works here: one line of JSON for each check. */
import { writeFileSync } from 'node:fs'
import { connect } from 'millrace'

const LIMIT_MS = 10_000
const WORKER = new URL('./worker.mjs', import.meta.url)

function assert(condition, what = 'something else came') {
  if (!condition) throw new Error(what)
}

async function check(name, work) {
  let timer
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${LIMIT_MS / 1000} s`)), LIMIT_MS)
  })
  const failure = await Promise.race([work(), late]).then(
    () => undefined,
    (error) => `${error?.code ?? error?.name}: ${error?.message}`,
  )
  clearTimeout(timer)
  console.log(JSON.stringify({ name, failure }))
}

async function withPool(options, work) {
  const pool = await connect(WORKER, options)
  try {
    await work(pool)
  } finally {
    await pool.close()
  }
}

const failureOf = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  )

async function callsAndStreams({ api }) {
  assert((await api.add({ a: 1, b: 2 })) === 3)
  let sum = 0
  for await (const { n } of api.objects(10_000)) sum += n
  assert(sum === 49_995_000)
  let bytes = 0
  for await (const block of api.bytes(200)) bytes += block.length
  assert(bytes === 200 * 65_536)
}

await check('calls and streams in one thread', () => withPool({ workers: 0 }, callsAndStreams))
await check('calls and streams, 2 workers', () => withPool({ workers: 2 }, callsAndStreams))
await check('`reuse` of bytes', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    let sum = 0
    for await (const block of api.bytes(200, { reuse: true })) sum += block[0]
    assert(sum === 19_900)
  }),
)
await check('leaving a loop, a signal', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    for await (const { n } of api.objects(1e9)) if (n > 10) break
    assert((await failureOf(api.spin(undefined, { signal: AbortSignal.timeout(20) })))?.name === 'CancelledError')
    assert((await api.add({ a: 2, b: 2 })) === 4)
  }),
)
await check('errors as themselves', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    const error = await failureOf(api.fail())
    assert(error instanceof RangeError && error.cause === 'none' && error.message === 'no')
  }),
)
await check('inputs that are streams', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    const numbers = (async function* () {
      for (let n = 0; n < 1000; n++) yield n
    })()
    let sum = 0
    for await (const n of api.doubled(numbers)) sum += n
    assert(sum === 999_000)
  }),
)
await check('setup, worker to worker', () =>
  withPool({ workers: 2 }, async ({ api, on }) => {
    assert((await api.state()) === 'set up')
    assert((await on(1).peer()) === 2)
  }),
)
await check('a worker that dies is told of and replaced', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    assert((await failureOf(api.die()))?.code === 'PeerLost')
    assert((await api.add({ a: 2, b: 2 })) === 4)
  }),
)
await check('`toWeb`, `toNode`', () =>
  withPool({ workers: 1 }, async ({ api }) => {
    let count = 0
    for await (const _each of api.objects(10).toNode()) count++
    for await (const _each of api.objects(10).toWeb()) count++
    assert(count === 20)
  }),
)
await check('a pool that grows', () =>
  withPool({ workers: { min: 1, max: 2 } }, async ({ api, stats }) => {
    const first = api.objects(1e9)
    await first.next()
    await api.add({ a: 1, b: 1 })
    assert(stats().workers.length === 2)
    await first.return()
  }),
)
await check('a TypeScript worker', async () => {
  const pool = await connect(new URL('./typed.worker.ts', import.meta.url), { workers: 1 })
  assert((await pool.api.double(4)) === 8)
  await pool.close()
})
writeFileSync('words.txt', 'to and fro\nto and\nto\n'.repeat(2000))
for (const workers of [0, 2]) {
  await check(`a flow, ${workers} workers`, async () => {
    const { count } = await import('./stages.mjs')
    const rows = await count('words.txt').run({ workers }).collect()
    assert(JSON.stringify(rows) === '[{"word":"and","n":4000},{"word":"fro","n":2000},{"word":"to","n":6000}]', JSON.stringify(rows))
  })
}
process.exit(0)
