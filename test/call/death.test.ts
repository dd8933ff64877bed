import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type ConnectOptions, connect } from '../../src/call/connect.js'
import { PeerLostError } from '../../src/index.js'
import { activeResources, assertReleased, collect, connected, failure, until } from '../support/connections.js'
import { tick } from '../support/test-loop.js'

type Failing = typeof import('./failing.worker.js')

const here = (name: string): URL => new URL(`./${name}.worker.js`, import.meta.url)
const FAILING = here('failing')
const FULL = process.env.MILLRACE_FULL === '1'
const DEATHS: Record<string, { cause: RegExp; options?: ConnectOptions }> = {
  exit: { cause: /code 7/ },
  memory: { cause: /memory/i, options: { resourceLimits: { maxOldGenerationSizeMb: 12, maxYoungGenerationSizeMb: 2 } } },
  rejection: { cause: /nobody looks/ },
  uncaught: { cause: /uncaught/ },
}

for (const workers of [1, 2]) {
  for (const ringBytes of FULL ? [undefined, 4096] : [workers === 1 ? 4096 : undefined]) {
    describe(`the death of a worker of ${workers}${ringBytes === undefined ? '' : ', smallest rings'}`, () => {
      for (const [how, { cause, options }] of Object.entries(DEATHS).slice(FULL || workers === 2 ? 0 : -1)) {
        test(`${how}: what was pending fails with the reason, what comes after goes to a fresh worker`, async () => {
          await connected<Failing>(FAILING, { workers, ringBytes, ...options }, async ({ api }) => {
            // As many deaths as workers, so that none is left that has not died.
            const dying = Array.from({ length: workers }, () => failure(api.die({ how })))
            const pending = Array.from({ length: workers }, () => failure(api.never()))
            for (const error of await Promise.all([...dying, ...pending])) {
              assert.ok(error instanceof PeerLostError)
              assert.match(`${error.message} ${String(error.cause)}`, cause)
            }
            assert.equal(await api.echo('good'), 'good')
            const fresh = new Set<number>()
            while (fresh.size < workers) for (const id of await Promise.all(Array.from({ length: 4 }, () => api.worker()))) fresh.add(id)
            for (const id of fresh) assert.ok(id > workers && id <= 2 * workers, `worker ${id}`)
          })
        })
      }
    })
  }
}

test('everything pending at a worker that dies fails, and the streams first give what came before', async () => {
  await connected<Failing>(FAILING, { workers: 1 }, async ({ api }) => {
    const calls = Array.from({ length: 20 }, () => failure(api.never()))
    const streams = Array.from({ length: 5 }, () => api.endless())
    for (const stream of streams) await stream.next()
    const unread = api.endless()
    await unread.next()
    // At each answer all streams had their turn.
    for (let turn = 0; turn < 5; turn++) await api.echo(turn)
    const dying = failure(api.die({ how: 'exit' }))
    for (const error of [await dying, ...(await Promise.all(calls))]) assert.ok(error instanceof PeerLostError)
    for (const stream of [...streams, unread]) {
      let last = 0
      const error = await failure(
        (async () => {
          for await (const value of stream) assert.equal(value, ++last)
        })(),
      )
      assert.ok(error instanceof PeerLostError)
      assert.ok(last > 0)
      assert.deepEqual(await stream.next(), { value: undefined, done: true })
    }
  })
})

for (const how of ['exit', 'uncaught', 'rejection']) {
  for (const values of FULL || how === 'exit' ? [0, 1, 2500] : [2500]) {
    test(`a worker that dies (${how}) after ${values} values has delivered them`, async () => {
      await connected<Failing>(FAILING, { workers: 1 }, async ({ api }) => {
        const got: number[] = []
        const read = async () => {
          for await (const value of api.diesAfter({ values, how })) got.push(value)
        }
        assert.ok((await failure(read())) instanceof PeerLostError)
        assert.deepEqual(got, [...Array(values).keys()])
        assert.equal(await api.echo(1), 1)
      })
    })
  }
}

test('a death while the replacement starts, again and again, is survived', async () => {
  await connected<Failing>(FAILING, { workers: 1 }, async ({ api }) => {
    for (let n = 0; n < 4; n++) {
      assert.ok((await failure(api.die({ how: 'exit' }))) instanceof PeerLostError)
      assert.equal(await api.worker(), n + 2)
    }
    assert.deepEqual(await collect(api.endless(), 3), [0, 1, 2])
  })
})

for (const [module, workers] of [
  ['never-ends', 0] as const,
  ['never-ends', 1] as const,
  ['never-ends', 3] as const,
  ['spins', 2] as const,
]) {
  test(`a module whose import does not end rejects connect in time: ${module} (${workers} workers)`, async () => {
    const before = activeResources()
    const error = await failure(connect(here(module), { workers, startTimeoutMs: 20 }))
    assert.equal(error.code, 'StartTimeout')
    assert.match(error.message, /^worker \d did not serve within 20 ms/)
    await assertReleased(before)
  })
}

test('a deadline that is no time is refused', async () => {
  for (const name of ['startTimeoutMs', 'closeTimeoutMs']) {
    assert.equal((await failure(connect(here('handlers'), { [name]: Number.NaN }))).code, 'InvalidArgument')
  }
})

for (const workers of FULL ? [0, 1, 3] : [0, 1]) {
  test(`a module that throws on import rejects connect with that error (${workers} workers)`, async () => {
    const before = activeResources()
    const error = await failure(connect(here('throws-on-import'), { workers }))
    assert.ok(error instanceof RangeError)
    assert.equal(error.message, 'thrown on import')
    assert.equal(error.cause, 'for the test')
    assert.equal((await failure(connect(here('not-served'), { workers }))).code, 'NotServed')
    const refused = await failure(connect(here('then'), { workers }))
    assert.equal(refused.code, 'InvalidArgument')
    assert.match(refused.message, /then/)
    assert.equal((await failure(connect(here('is-not-there'), { workers }))).code, 'WorkerNotFound')
    await assertReleased(before)
  })
}

type ServesOnce = typeof import('./serves-once.worker.js')

/** A module whose imports fail while the file `spoiled` is there. */
async function withSpoiled(params: Record<string, string>, body: (url: URL, spoiled: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  try {
    const spoiled = join(folder, 'spoiled')
    const url = here('serves-once')
    for (const [name, value] of Object.entries({ spoiled, ...params })) url.searchParams.set(name, value)
    await body(url, spoiled)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const startsOf = (spoiled: string): number => (existsSync(`${spoiled}.starts`) ? readFileSync(`${spoiled}.starts`).length : 0)
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 300; turn++) await tick()
}

for (const workers of FULL ? [1, 2] : [2]) {
  test(`replacements of ${workers} that do not start fail what is pending and all that follows, and are not tried for ever`, async () => {
    await withSpoiled({}, async (url, spoiled) => {
      const connection = await connect<ServesOnce>(url, { workers })
      const { api } = connection
      const dying = Array.from({ length: workers }, () => failure(api.spoil()))
      const pending = Array.from({ length: 3 }, () => failure(api.echo(1)))
      for (const error of [...(await Promise.all(dying)), ...(await Promise.all(pending))]) assert.ok(error instanceof PeerLostError)
      for (let n = 0; n < 3; n++) assert.equal((await failure(api.echo(2))).message, 'spoiled')
      await turns()
      assert.ok(startsOf(spoiled) <= 2 * workers + 3, `${startsOf(spoiled)} starts`)
      await connection.close()
    })
  })
}

test('a pool that lost a worker for good replaces the next one that dies', async () => {
  await withSpoiled({}, async (url, spoiled) => {
    const connection = await connect<ServesOnce>(url, { workers: 2 })
    const { api } = connection
    await failure(api.spoil())
    await until(() => startsOf(spoiled) === 4, 'two replacements were tried')
    await turns()
    rmSync(spoiled)
    assert.ok((await failure(api.exit())) instanceof PeerLostError)
    assert.equal(await api.echo('good'), 'good')
    await connection.close()
  })
})

test('a replacement that fails late fails nobody who waits for one that is still starting', async () => {
  await withSpoiled({ late: '4' }, async (url, spoiled) => {
    const connection = await connect<ServesOnce>(url, { workers: 2 })
    const { api } = connection
    await failure(api.spoil())
    await until(() => startsOf(spoiled) === 4, 'two replacements were tried')
    rmSync(spoiled)
    assert.ok((await failure(api.exit())) instanceof PeerLostError)
    const waiting = api.echo('good')
    writeFileSync(`${spoiled}.now`, '')
    assert.equal(await waiting, 'good')
    await connection.close()
  })
})

for (const heals of [false, true]) {
  test(`a worker that is slow to start beside one that ${heals ? 'starts at last' : 'cannot'} keeps nobody waiting for ever`, async () => {
    await withSpoiled({ first: '' }, async (url, spoiled) => {
      writeFileSync(spoiled, '')
      const connecting = connect<ServesOnce>(url, { workers: 2 })
      connecting.catch(() => {})
      await until(() => startsOf(spoiled) >= 3, 'the other was tried twice')
      await turns()
      if (heals) rmSync(spoiled)
      writeFileSync(`${spoiled}.now`, '')
      if (!heals) {
        assert.equal((await failure(connecting)).message, 'spoiled')
        return
      }
      const connection = await connecting
      assert.deepEqual(
        connection.stats().workers.map(({ state }) => state),
        ['ready', 'ready'],
      )
      await connection.close()
    })
  })
}
