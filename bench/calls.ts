/** What users of worker pools and RPC libraries would compare: objects in a loop, a call, many streams, a start. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type Connection, connect } from 'millrace'
import { type Bench, figure, interleaved, median, ratios, timed } from './harness.js'
import { startCapnweb } from './rivals/capnweb.js'
import { startComlink } from './rivals/comlink.js'
import { type Item, item, type Rival, type StartRival } from './rivals/objects.js'
import { startPiscina } from './rivals/piscina.js'
import { startReadable } from './rivals/readable.js'

type Worker1 = typeof import('./calls.worker.js')
const WORKER = new URL('./calls.worker.js', import.meta.url)
const START_WORKER = new URL('./start.worker.js', import.meta.url)
const PORT_WORKER = new URL('./rivals/port.worker.js', import.meta.url)
const CHECKED = 2500
const CALLS = 20_000
const LIVE = [1, 10, 100, 1000] as const
/** Two thousand of each of a thousand streams: their openings are not what is measured. */
const LIVE_ITEMS = 2_000_000

async function sumOf(items: AsyncIterable<Item>): Promise<number> {
  let sum = 0
  for await (const { score, name } of items) sum += score + name.length
  return sum
}

/** Items a second, once in each round. */
function rate(read: (count: number) => AsyncIterable<Item>, count: number): () => Promise<number> {
  return async () => (count * 1000) / (await timed(() => sumOf(read(count))))
}

async function mustBeEqual(name: string, read: (count: number) => AsyncIterable<Item>): Promise<void> {
  let id = 0
  for await (const each of read(CHECKED))
    if (JSON.stringify(each) !== JSON.stringify(item(id++))) throw new Error(`${name}: another item ${id - 1}`)
  if (id !== CHECKED) throw new Error(`${name}: ${id} items instead of ${CHECKED}`)
}

async function againstBest(
  name: string,
  rounds: number,
  rivals: Readonly<Record<string, readonly [StartRival, number]>>,
  count: number,
): ReturnType<Bench['run']> {
  const connection = await connect<Worker1>(WORKER, { workers: 1 })
  const started: Record<string, Rival> = {}
  const contenders: Record<string, () => Promise<number>> = { millrace: rate(connection.api.items, count) }
  await mustBeEqual('millrace', connection.api.items)
  for (const [rival, [start, items]] of Object.entries(rivals)) {
    started[rival] = await start()
    await mustBeEqual(rival, started[rival].read)
    contenders[rival] = rate(started[rival].read, items)
  }
  const rates = await interleaved(rounds, contenders)
  await Promise.all([connection.close(), ...Object.values(started).map((rival) => rival.stop())])
  const best = rates.millrace.map((_rate, round) => Math.max(...Object.keys(rivals).map((rival) => rates[rival][round])))
  return figure(
    name,
    'x',
    ratios(rates.millrace, best),
    Object.fromEntries(Object.entries(rates).map(([each, all]) => [`${each} items/s`, median(all)])),
  )
}

/** Microseconds a call, one after the other. */
async function roundTrips(call: (n: number) => Promise<unknown>): Promise<number> {
  const ms = await timed(async () => {
    for (let n = 0; n < CALLS; n++) if ((await call(n)) !== n) throw new Error(`another answer than ${n}`)
  })
  return (ms * 1000) / CALLS
}

/** A call by hand: each answer is that of the question before. */
function bare(worker: Worker): (n: number) => Promise<unknown> {
  let answer: (value: unknown) => void = () => {}
  worker.on('message', (value) => answer(value))
  return (n) =>
    new Promise((resolve) => {
      answer = resolve
      worker.postMessage(n)
    })
}

async function measureRoundTrip(rounds: number): ReturnType<Bench['run']> {
  const connection = await connect<Worker1>(WORKER, { workers: 1 })
  const worker = new Worker(PORT_WORKER)
  const { ours, theirs } = await interleaved(rounds, {
    theirs: (
      (call) => () =>
        roundTrips(call)
    )(bare(worker)),
    ours: () => roundTrips(connection.api.echo),
  })
  await Promise.all([connection.close(), worker.terminate()])
  return figure('call-round-trip', 'x', ratios(ours, theirs), { 'us a call': median(ours), 'us bare': median(theirs) })
}

/** Items a second over so many streams that are open and read at once. */
async function live({ api }: Connection<Worker1['default']>, streams: number): Promise<number> {
  const each = LIVE_ITEMS / streams
  return (LIVE_ITEMS * 1000) / (await timed(() => Promise.all(Array.from({ length: streams }, () => sumOf(api.items(each))))))
}

async function measureLive(rounds: number): ReturnType<Bench['run']> {
  const connection = await connect<Worker1>(WORKER, { workers: 1 })
  const contenders = Object.fromEntries(LIVE.map((streams) => [String(streams), () => live(connection, streams)]))
  const rates = await interleaved(rounds, contenders)
  await connection.close()
  const all = LIVE.map((streams) => rates[String(streams)])
  const worst = all[0].map((_rate, round) => Math.min(...all.map((of) => of[round])) / Math.max(...all.map((of) => of[round])))
  return figure('live-streams', 'x', worst, Object.fromEntries(LIVE.map((streams, i) => [`${streams} streams, items/s`, median(all[i])])))
}

async function startPool(): Promise<void> {
  const connection = await connect<typeof import('./start.worker.js')>(START_WORKER, { workers: 2 })
  await Promise.all([1, 2].map((worker) => connection.on(worker).echo(worker)))
  await connection.close()
}

async function startBare(): Promise<void> {
  const workers = [1, 2].map(() => new Worker(PORT_WORKER))
  await Promise.all(
    workers.map((worker) => {
      worker.postMessage(1)
      return once(worker, 'message')
    }),
  )
  await Promise.all(workers.map((worker) => worker.terminate()))
}

async function measureStart(rounds: number): ReturnType<Bench['run']> {
  const { ours, theirs } = await interleaved(4 * rounds, { theirs: () => timed(startBare), ours: () => timed(startPool) })
  return figure('pool-start', 'x', ratios(ours, theirs), { 'ms of 2 workers': median(ours), 'ms bare': median(theirs) })
}

export const benches: readonly Bench[] = [
  {
    name: 'objects-rpc',
    floor: 1.5,
    aim: 5,
    better: 'higher',
    run: (rounds) =>
      againstBest(
        'objects-rpc',
        rounds,
        { comlink: [startComlink, 200_000], piscina: [startPiscina, 200_000], capnweb: [startCapnweb, 100_000] },
        600_000,
      ),
  },
  {
    name: 'objects-readable',
    floor: 5,
    aim: 30,
    better: 'higher',
    run: (rounds) => againstBest('objects-readable', rounds, { readable: [startReadable, 20_000] }, 600_000),
  },
  { name: 'call-round-trip', floor: 2, aim: 1.1, better: 'lower', run: measureRoundTrip },
  { name: 'live-streams', floor: 0.7, aim: 0.9, better: 'higher', run: measureLive },
  { name: 'pool-start', floor: 1.5, aim: 1.1, better: 'lower', run: measureStart },
]
