/** A stream of bytes over the whole protocol against what Node has. */
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { connect, type StreamCallOptions } from 'millrace'
import { type Bench, figure, interleaved, median, ratios, timed } from './harness.js'
import type { Load } from './streams.worker.js'

const KIB = 1024
const LONG: Load = { count: 200_000, bytes: 64 * KIB }

type Way = (load: Load) => Promise<void>

function checkBytes(received: number, { count, bytes }: Load): void {
  if (received !== count * bytes) throw new Error(`streams: ${received} bytes instead of ${count * bytes}`)
}

function throughPort(thread: Worker): Way {
  return async (load) => {
    const { port1, port2 } = new MessageChannel()
    let received = 0
    port1.on('message', (message: Uint8Array) => {
      received += message.length
    })
    thread.postMessage({ by: 'port', port: port2, ...load }, [port2])
    await once(port1, 'close')
    checkBytes(received, load)
  }
}

function throughStream(thread: Worker): Way {
  return async (load) => {
    thread.postMessage({ by: 'stream', ...load })
    const [stream] = (await once(thread, 'message')) as [ReadableStream<Uint8Array>]
    let received = 0
    for await (const message of stream) received += message.length
    checkBytes(received, load)
  }
}

/** Runs both ways interleaved; the ratio is how many times as fast millrace is. */
async function against(
  rival: 'port' | 'stream',
  name: string,
  rounds: number,
  load: Load,
  rivalLoad: Load = load,
  options: StreamCallOptions = {},
): ReturnType<Bench['run']> {
  const connection = await connect<typeof import('./streams.worker.js')>(new URL('./streams.worker.js', import.meta.url), { workers: 1 })
  const thread = new Worker(new URL('./rivals.worker.js', import.meta.url))
  const other = rival === 'port' ? throughPort(thread) : throughStream(thread)
  const perSecond = ({ count }: Load, ms: number): number => (count * 1000) / ms
  try {
    const results = await interleaved(rounds, {
      rival: async () => perSecond(rivalLoad, await timed(() => other(rivalLoad))),
      millrace: async () =>
        perSecond(
          load,
          await timed(async () => {
            let received = 0
            for await (const message of connection.api.messages(load, options)) received += message.length
            checkBytes(received, load)
          }),
        ),
    })
    return figure(name, 'x', ratios(results.millrace, results.rival), {
      'messages/s': median(results.millrace),
      'rival messages/s': median(results.rival),
    })
  } finally {
    await connection.close()
    await thread.terminate()
  }
}

/** About a second each: the first tenths of one are the optimizer's. */
export const benches: readonly Bench[] = [
  {
    name: 'stream-64k-port',
    floor: 1.5,
    aim: 3,
    better: 'higher',
    run: (rounds) => against('port', 'stream-64k-port', rounds, LONG, LONG, { reuse: true }),
  },
  {
    // For information: memory of its own for each value is most of the time of both (docs/decisions/reuse.md).
    name: 'stream-64k-port-kept',
    floor: 0,
    aim: 1.5,
    better: 'higher',
    run: (rounds) => against('port', 'stream-64k-port-kept', rounds, LONG),
  },
  {
    name: 'stream-1k-port',
    floor: 6,
    aim: 15,
    better: 'higher',
    run: (rounds) =>
      against('port', 'stream-1k-port', rounds, { count: 3_000_000, bytes: KIB }, { count: 500_000, bytes: KIB }, { reuse: true }),
  },
  {
    name: 'stream-1k-port-kept',
    floor: 0,
    aim: 6,
    better: 'higher',
    run: (rounds) => against('port', 'stream-1k-port-kept', rounds, { count: 1_000_000, bytes: KIB }, { count: 500_000, bytes: KIB }),
  },
  {
    name: 'stream-1k-readable',
    floor: 20,
    aim: 100,
    better: 'higher',
    run: (rounds) =>
      against('stream', 'stream-1k-readable', rounds, { count: 1_000_000, bytes: KIB }, { count: 30_000, bytes: KIB }, { reuse: true }),
  },
]
