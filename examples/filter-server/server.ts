/** Answers filters over a Parquet file with NDJSON. All requests share the workers of one pool; a client that leaves ends its run. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createPool, type FlowPool, type RunStats } from 'millrace/flow'
import { type Condition, conditionsOf, flightsThat } from './stages.ts'

export interface Options {
  readonly file: string
  readonly workers: number
  /** Told of a run that has ended everywhere. */
  readonly onEnd: (how: 'all' | 'the client left' | 'failed', stats: RunStats) => void
}

export interface Running {
  readonly server: Server
  readonly pool: FlowPool
  close(): Promise<void>
}

async function answer(pool: FlowPool, { file, onEnd }: Options, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let conditions: Condition[]
  try {
    conditions = conditionsOf(new URL(request.url ?? '/', 'http://localhost').searchParams)
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(`${(error as Error).message}\n`)
    return
  }
  const run = flightsThat(file, conditions).run({ pool })
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // What the client does not read is not made: it slows its run down, and no other.
  const how = await pipeline(run.toNode({ format: 'ndjson' }), response).then(
    () => 'all' as const,
    (error: NodeJS.ErrnoException) => (error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? ('the client left' as const) : ('failed' as const)),
  )
  // Resolves when nothing of it is left.
  await run.cancel()
  onEnd(how, run.stats())
}

/** Listens on a port that is free, or on `port`. */
export async function startServer(options: Options, port = 0): Promise<Running> {
  const pool = createPool({ workers: options.workers })
  const server = createServer((request, response) => void answer(pool, options, request, response))
  await new Promise<void>((resolve) => server.listen(port, resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await pool.close()
  }
  return { server, pool, close }
}
