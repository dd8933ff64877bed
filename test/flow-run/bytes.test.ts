import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { before, describe, test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import { type BytesOptions, type Flow, type FlowRun, flow, jsonl, lines } from 'millrace/flow'
import { endless, wide } from './stages/endless.js'
import { mapThrows } from './stages/failing.js'
import { errorOf, start, temporaryFolder, useWays, type Way, writeFiles } from './support.js'

type Row = { id: number; text: string }

const folder = temporaryFolder()
const { ways } = useWays([0, 2])
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)
const ALL: Row[] = Array.from({ length: 500 }, (_none, id) => ({ id, text: `text, "${id}"` }))
const NDJSON = ALL.map((row) => `${JSON.stringify(row)}\n`).join('')
const CSV = `id,text\n${ALL.map(({ id }) => `${id},"text, ""${id}"""\n`).join('')}`

before(async () => {
  await writeFiles(folder, { 'rows.jsonl': NDJSON, 'none.jsonl': '', 'start.txt': 'start\n' })
})

const read = (name = 'rows.jsonl'): Flow<Row> => flow(new URL('./stages/failing.js', import.meta.url)).read(jsonl<Row>(`${folder}/${name}`))
const unending = (): Flow<{ n: number; text: string }> =>
  flow(new URL('./stages/endless.js', import.meta.url))
    .read(lines(`${folder}/start.txt`))
    .flatMap(endless)
    .map(wide)

/** The two kinds of streams, read alike. */
const STREAMS = {
  toNode: (run: FlowRun<Row>, options: BytesOptions<Row>): AsyncIterable<Uint8Array> => run.toNode(options),
  toWeb: (run: FlowRun<Row>, options: BytesOptions<Row>): AsyncIterable<Uint8Array> => run.toWeb(options),
} as const

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

for (const [name, stream] of Object.entries(STREAMS)) {
  describe(name, () => {
    test('gives the bytes of all rows, as NDJSON, CSV or Arrow', async () => {
      for (const way of ways) {
        const rows = (options: BytesOptions<Row>, from = 'rows.jsonl') => textOf(stream(start(read(from).sort('id'), way.options), options))
        assert.equal(await rows({ format: 'ndjson' }), NDJSON, way.name)
        assert.equal(await rows({ format: 'csv' }), CSV, way.name)
        assert.match(await rows({ format: 'csv', columns: ['text', 'id'], delimiter: ';' }), /^text;id\n"text, ""0""";0\n/)
        assert.equal(await rows({ format: 'ndjson' }, 'none.jsonl'), '')
        assert.equal(await rows({ format: 'csv', columns: ['id'] }, 'none.jsonl'), 'id\n')
        const pieces: Uint8Array[] = []
        for await (const piece of stream(start(read().sort('id'), way.options), { format: 'arrow' })) pieces.push(piece)
        assert.deepEqual(
          [...tableFromIPC(Buffer.concat(pieces))].map((row) => row.toJSON()),
          ALL,
        )
      }
    })

    test('fails with the error of the run, and with that of a row that does not fit', async () => {
      for (const way of defaultWays) {
        const failing = start(read().map(mapThrows, { params: { at: 400 } }) as unknown as Flow<Row>, way.options)
        assert.equal((await errorOf(textOf(stream(failing, { format: 'ndjson' })))).message, 'row 400', way.name)
        const misfit = start(read(), way.options)
        const error = await errorOf(textOf(stream(misfit, { format: 'csv', columns: ['id'] })))
        assert.deepEqual([error.code, error.message.startsWith(`${name}(): row 1 has a column "text"`)], ['SinkColumn', true], way.name)
      }
    })

    test('that is left cancels the run', async () => {
      for (const way of defaultWays) {
        const run = start(unending() as unknown as Flow<Row>, way.options)
        for await (const _piece of stream(run, { format: 'ndjson' })) break
        assert.equal((await errorOf(run.collect())).code, 'Cancelled', way.name)
      }
    })

    test('starts nothing before it is read, and of a run that was read already it fails', async () => {
      for (const way of defaultWays) {
        const run = start(read(), way.options)
        const first = stream(run, { format: 'ndjson' })
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        assert.equal(run.stats().elapsedMs, 0, way.name)
        assert.equal(await textOf(first), await textOf(stream(start(read(), way.options), { format: 'ndjson' })))
        assert.equal((await errorOf(textOf(stream(run, { format: 'ndjson' })))).code, 'InvalidArgument')
      }
    })

    test('of another format is refused', () => {
      const run = start(read(), (ways[0] as Way).options)
      for (const options of [{ format: 'xml' }, {}, undefined]) {
        assert.throws(() => stream(run, options as never), { code: 'InvalidArgument', message: /takes \{ format: 'ndjson' \}/ })
      }
      assert.throws(() => stream(run, { format: 'csv', delimiter: '' }), { code: 'InvalidArgument', message: /\(\): delimiter is one/ })
      return run.cancel()
    })
  })
}

test('a Node.js stream that is destroyed while it waits for rows, or before it is read, ends with the run', async () => {
  for (const way of defaultWays) {
    for (const reads of [0, 1, 2]) {
      const run = start(unending(), way.options)
      const stream = run.toNode({ format: 'ndjson' })
      stream.on('error', () => {})
      for (let i = 0; i < reads; i++) {
        stream.read()
        if (i > 0) await once(stream, 'readable')
      }
      const reason = new Error('no more')
      const closed = new Promise((resolve) => stream.once('close', resolve))
      stream.destroy(reason)
      await closed
      assert.equal(stream.errored, reason)
      const error = await errorOf(run.collect())
      assert.deepEqual([error.code, error.cause], ['Cancelled', reason], `${way.name}, after ${reads}`)
    }
  }
})

test('a web stream that is cancelled while it waits for rows resolves when the run has ended', async () => {
  for (const way of defaultWays) {
    const run = start(unending(), way.options)
    const reader = run.toWeb({ format: 'ndjson' }).getReader()
    const pending = reader.read()
    await reader.cancel('enough')
    await pending
    const error = await errorOf(run.collect())
    assert.deepEqual([error.code, error.cause], ['Cancelled', 'enough'], way.name)
  }
})

test('a stream that is read slowly slows the run down', async () => {
  for (const way of defaultWays) {
    const run = start(unending(), way.options)
    let taken = 0
    const slow = new Writable({
      write(piece: Uint8Array, _encoding, done) {
        taken += piece.length
        let turns = 20
        const wait = (): void => void (turns-- > 0 ? setImmediate(wait) : done(taken > 1_000_000 ? new Error('full') : null))
        wait()
      },
    })
    const error = await errorOf(pipeline(run.toNode({ format: 'ndjson' }), slow))
    assert.equal(error.message, 'full')
    await run.cancel()
    const { rowsOut } = run.stats()
    // Rows of a kilobyte: what the two streams hold, and a batch.
    assert.ok(rowsOut * 1000 <= taken + 400_000, `${way.name}: ${rowsOut} rows for ${taken} bytes`)
  }
})

test('a response over HTTP whose client leaves cancels the run', async () => {
  const way = defaultWays[defaultWays.length - 1] as Way
  const run = start(unending(), way.options)
  const bytes = run.toNode({ format: 'ndjson' })
  const closed = new Promise((resolve) => bytes.once('close', resolve))
  const server = createServer((_request, response) => {
    pipeline(bytes, response).catch(() => {})
  }).listen(0)
  await once(server, 'listening')
  const request = get({ port: (server.address() as AddressInfo).port })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  await once(response, 'data')
  response.destroy()
  await closed
  assert.equal((await errorOf(run.collect())).code, 'Cancelled')
  server.close()
  await once(server, 'close')
})
