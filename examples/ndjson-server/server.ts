/** A server that streams the records of a large file as NDJSON, from workers. A client that leaves stops the worker that reads for it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Connection, connect } from 'millrace'

type Worker = typeof import('./records.worker.ts')['default']

export interface Options {
  readonly file: string
  readonly workers: number
  /** Told in one line how each answer ended. */
  readonly log: (line: string) => void
}

export interface Running {
  readonly server: Server
  readonly pool: Connection<Worker>
  close(): Promise<void>
}

async function* toLines(records: AsyncIterable<readonly object[]>, count: (rows: number) => void): AsyncGenerator<string> {
  for await (const batch of records) {
    count(batch.length)
    yield batch.map((record) => `${JSON.stringify(record)}\n`).join('')
  }
}

async function answer(pool: Connection<Worker>, { file, log }: Options, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const user = new URL(request.url ?? '/', 'http://localhost').searchParams.get('user') ?? undefined
  const records = pool.api.records({ file, user })
  let rows = 0
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const began = performance.now()
  const how = await pipeline(Readable.from(toLines(records.batches(), (more) => (rows += more))), response).then(
    () => 'all',
    () => 'the client left',
  )
  log(`${rows} records in ${(performance.now() - began).toFixed(0)} ms: ${how}`)
}

/** Listens on a port that is free, or on `port`. */
export async function startServer(options: Options, port = 0): Promise<Running> {
  const pool = await connect<Worker>(new URL('./records.worker.ts', import.meta.url), { workers: options.workers })
  const server = createServer((request, response) => void answer(pool, options, request, response))
  await new Promise<void>((resolve) => server.listen(port, resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await pool.close()
  }
  return { server, pool, close }
}
