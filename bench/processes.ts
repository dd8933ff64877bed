/** Processes: over shared memory and over sockets, against threads and against what else there is. */
import { type Connection, connect } from 'millrace'
import { createPool, type FlowPool } from 'millrace/flow'
import { countPairs } from '../examples/word-pairs/stages.js'
import { corpus, PAIRS_800K } from './corpus.js'
import { type Bench, figure, interleaved, median, ratios, timed } from './harness.js'
import type { ByteRival, Load, StartByteRival } from './rivals/bytes.js'
import { startGrpc } from './rivals/grpc.js'
import { startIpc } from './rivals/ipc.js'
import { startRawSocket } from './rivals/raw-socket.js'

type Worker = typeof import('./streams.worker.js')
type Transport = 'shm' | 'socket'

const WORKER = new URL('./streams.worker.js', import.meta.url)
const KIB = 1024
const KILLS = 100

/** Bytes of each round: about half a second of the fastest way. */
const SIZES: readonly { readonly bytes: number; readonly fast: number; readonly slow: number }[] = [
  { bytes: KIB, fast: 1_000_000, slow: 50_000 },
  { bytes: 16 * KIB, fast: 200_000, slow: 10_000 },
  { bytes: 64 * KIB, fast: 30_000, slow: 4000 },
  { bytes: 1024 * KIB, fast: 2000, slow: 400 },
]

/** Over that transport, or the bench means nothing. */
async function connectOver(transport: Transport): Promise<Connection<Worker['default']>> {
  process.env.MILLRACE_TRANSPORT = transport
  const connection = await connect<Worker>(WORKER, { workers: 1, kind: 'process' })
  delete process.env.MILLRACE_TRANSPORT
  if (connection.describe().transport !== transport) throw new Error(`processes: ${connection.describe().why}`)
  return connection
}

const ours =
  (connection: Connection<Worker['default']>) =>
  async (load: Load): Promise<number> => {
    let received = 0
    for await (const message of connection.api.messages(load, { reuse: true })) received += message.length
    return received
  }

const rate = (read: ByteRival['read'], bytes: number, count: number) => async (): Promise<number> => {
  let received = 0
  const ms = await timed(async () => {
    received = await read({ count, bytes })
  })
  if (received !== count * bytes) throw new Error(`processes: ${received} bytes instead of ${count * bytes}`)
  return (count * 1000) / ms
}

type Rates = Readonly<Record<'threads' | 'shm' | 'socket' | 'ipc' | 'raw' | 'grpc', number[]>>

async function measure(rounds: number): Promise<ReadonlyMap<number, Rates>> {
  const threads = await connect<Worker>(WORKER, { workers: 1 })
  const shm = await connectOver('shm')
  const socket = await connectOver('socket')
  const rivals = await Promise.all([startIpc, startRawSocket, startGrpc].map((start: StartByteRival) => start()))
  const [ipc, raw, grpc] = rivals as [ByteRival, ByteRival, ByteRival]
  const all = new Map<number, Rates>()
  for (const { bytes, fast, slow } of SIZES) {
    const contenders = {
      threads: rate(ours(threads), bytes, fast),
      shm: rate(ours(shm), bytes, fast),
      socket: rate(ours(socket), bytes, fast),
      raw: rate(raw.read, bytes, fast),
      ipc: rate(ipc.read, bytes, slow),
      grpc: rate(grpc.read, bytes, slow),
    }
    all.set(bytes, await interleaved(rounds, contenders))
  }
  await Promise.all([threads.close(), shm.close(), socket.close(), ...rivals.map((rival) => rival.stop())])
  return all
}

let memory: Promise<ReadonlyMap<number, Rates>> | undefined

/** `over` against `under` where it does worst, over messages from `from` bytes on. */
async function worst(name: string, over: keyof Rates, under: keyof Rates, rounds: number, from = 0): ReturnType<Bench['run']> {
  memory ??= measure(rounds)
  const sizes = [...(await memory)].filter(([bytes]) => bytes >= from)
  const found = sizes.map(([bytes, rates]) => ({ bytes, values: ratios(rates[over], rates[under]) }))
  const [least] = found.sort((a, b) => median(a.values) - median(b.values)) as [(typeof found)[0]]
  const detail = sizes.flatMap(([bytes, rates]) => [over, under].map((way) => [`${bytes / KIB} KiB ${way} messages/s`, median(rates[way])]))
  return figure(name, 'x', least.values, { 'worst at KiB': least.bytes / KIB, ...Object.fromEntries(detail) })
}

/** From `kill -9` of a worker in the midst of a stream to the error at its reader. */
async function measureKills(): ReturnType<Bench['run']> {
  const connection = await connect<Worker>(WORKER, { workers: 2, kind: 'process' })
  const times: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = connection.stats().workers.find(({ state }) => state === 'ready')
    if (victim?.pid === undefined) throw new Error('processes: no worker is ready')
    const stream = connection.on(victim.worker).messages({ count: 1e9, bytes: 10_000 })
    let killedAt = 0
    let left = 50
    try {
      for await (const _message of stream) {
        if (--left !== 0) continue
        killedAt = performance.now()
        process.kill(victim.pid, 'SIGKILL')
      }
    } catch {
      times.push(performance.now() - killedAt)
    }
    while (!connection.stats().workers.some(({ state }) => state === 'ready')) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await connection.close()
  times.sort((a, b) => a - b)
  const p99 = times[Math.ceil(0.99 * times.length) - 1] as number
  const { transport } = connection.describe()
  return {
    name: 'process-kill',
    unit: 'ms',
    ratio: p99,
    spread: [times[0] as number, times.at(-1) as number],
    detail: { kills: times.length, 'p50 ms': median(times), transport },
  }
}

async function measureWordPairs(rounds: number): ReturnType<Bench['run']> {
  const { pattern } = await corpus(PAIRS_800K)
  const pools = { threads: createPool({ workers: 2 }), processes: createPool({ workers: 2, kind: 'process' }) }
  const answers = new Set<string>()
  const count = (pool: FlowPool) => () =>
    timed(async () => answers.add(JSON.stringify(await countPairs(pattern).limit(10).run({ pool }).collect())))
  const times = await interleaved(rounds, { threads: count(pools.threads), processes: count(pools.processes) })
  const { transport } = pools.processes.describe()
  await Promise.all([pools.threads.close(), pools.processes.close()])
  if (answers.size !== 1) throw new Error('processes: the answers differ')
  return figure('process-word-pairs', 'x', ratios(times.processes, times.threads), {
    transport,
    'processes ms': median(times.processes),
    'threads ms': median(times.threads),
  })
}

export const benches: readonly Bench[] = [
  // For information: no floor.
  {
    name: 'process-shm-threads',
    floor: 0,
    aim: 1 / 1.3,
    better: 'higher',
    run: (rounds) => worst('process-shm-threads', 'shm', 'threads', rounds),
  },
  { name: 'process-shm-ipc', floor: 5, aim: 10, better: 'higher', run: (rounds) => worst('process-shm-ipc', 'shm', 'ipc', rounds) },
  {
    name: 'process-shm-raw',
    floor: 1.5,
    aim: 4,
    better: 'higher',
    run: (rounds) => worst('process-shm-raw', 'shm', 'raw', rounds, 16 * KIB),
  },
  {
    name: 'process-socket-raw',
    floor: 0.5,
    aim: 0.9,
    better: 'higher',
    run: (rounds) => worst('process-socket-raw', 'socket', 'raw', rounds),
  },
  {
    name: 'process-socket-grpc',
    floor: 1,
    aim: 10,
    better: 'higher',
    run: (rounds) => worst('process-socket-grpc', 'socket', 'grpc', rounds),
  },
  { name: 'process-kill', floor: 500, aim: 50, better: 'lower', run: measureKills },
  { name: 'process-word-pairs', floor: 1.5, aim: 1.1, better: 'lower', run: measureWordPairs },
]
