import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createPool, type FlowPool, lines, readBatches } from 'millrace/flow'
import { measured } from '../examples/support/measured.js'
import { countPairs, type PairCount } from '../examples/word-pairs/stages.js'
import { corpus, PAIRS_800K } from './corpus.js'
import { type Bucket, exchanged, lastWorks, scored, scores, sizes, streamed } from './flows.stages.js'
import { type Bench, collectGarbage, type Figure, FLOW_WARM_UPS, figure, interleaved, median, ratios, timed } from './harness.js'
import { startItemPorts } from './rivals/item-port.js'
import { startPairs } from './rivals/pairs.js'

const WORKERS = 2

/** A folder and a pool of workers for one measurement. */
async function withPool<T>(work: (folder: string, pool: FlowPool) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-flows-'))
  const pool = createPool({ workers: WORKERS })
  try {
    return await work(folder, pool)
  } finally {
    await pool.close()
    rmSync(folder, { recursive: true })
  }
}

function mustBeEqual(name: string, a: unknown, b: unknown): void {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${name}: the answers differ`)
}

/** Two files that begin with this line, each so long that it is a split of its own: one for each worker. */
function writeSplits(folder: string, line: string): void {
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.txt`), `${line}\n${'x'.repeat(0x4_0000)}\n`)
}

const LINES = 200_000

async function scoresInOneThread(pattern: string): Promise<Bucket[]> {
  const buckets = new Map<number, { bucket: number; n: number; best: number }>()
  for await (const batch of readBatches(lines(pattern))) {
    for (const line of batch) {
      const { bucket, score } = scored(line)
      const known = buckets.get(bucket)
      if (known === undefined) buckets.set(bucket, { bucket, n: 1, best: score })
      else {
        known.n++
        if (score > known.best) known.best = score
      }
    }
  }
  return [...buckets.values()]
}

function byBucket(rows: readonly Bucket[]): Bucket[] {
  return [...rows].sort((a, b) => a.bucket - b.bucket)
}

function measureCostly(rounds: number): Promise<Figure> {
  return withPool(async (folder, pool) => {
    const file = join(folder, 'lines.txt')
    writeFileSync(file, Array.from({ length: LINES }, (_none, index) => `line ${index} of some length\n`).join(''))
    let expected: Bucket[] = []
    const { single, flow } = await interleaved(rounds, {
      single: () =>
        timed(async () => {
          expected = byBucket(await scoresInOneThread(file))
        }),
      flow: () => timed(async () => mustBeEqual('costly-function', byBucket(await scores(file).run({ pool }).collect()), expected)),
    })
    return figure('costly-function', 'x', ratios(single, flow), {
      workers: WORKERS,
      'one thread ms': median(single),
      'flow ms': median(flow),
    })
  })
}

interface PairRounds {
  readonly byHand: number[]
  readonly flow: number[]
  readonly handStalls: number[]
  readonly stalls: number[]
}

async function measurePairs(rounds: number): Promise<PairRounds> {
  const { pattern } = await corpus(PAIRS_800K)
  const folder = dirname(pattern)
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => join(folder, name))
  const hand = startPairs(WORKERS)
  const pool = createPool({ workers: WORKERS })
  const stalls: Record<'byHand' | 'flow', number[]> = { byHand: [], flow: [] }
  let expected: PairCount[] = []
  const contender = (name: 'byHand' | 'flow', work: () => Promise<PairCount[]>) => async () => {
    collectGarbage()
    const { result, elapsedMs, stallMs } = await measured(work)
    if (name === 'byHand') expected = result
    else
      mustBeEqual(
        'word-pairs-piscina',
        result.map(({ pair, n }) => [pair, n]),
        expected.map(({ pair, n }) => [pair, n]),
      )
    stalls[name].push(stallMs)
    return elapsedMs
  }
  const { byHand, flow } = await interleaved(rounds, {
    byHand: contender('byHand', () => hand.count(files, 10)),
    flow: contender('flow', () => countPairs(pattern).limit(10).run({ pool }).collect()),
  })
  await hand.stop()
  await pool.close()
  return { byHand, flow, handStalls: stalls.byHand.slice(-rounds), stalls: stalls.flow.slice(-rounds) }
}

let pairRounds: Promise<PairRounds> | undefined

/** Two figures come from the same rounds. */
function pairsOnce(rounds: number): Promise<PairRounds> {
  pairRounds ??= measurePairs(rounds)
  return pairRounds
}

const ROWS_EACH = 1_500_000

function measureExchange(rounds: number): Promise<Figure> {
  return withPool(async (folder, pool) => {
    writeSplits(folder, String(ROWS_EACH))
    const ports = startItemPorts()
    let expected = { rows: 0, sum: 0 }
    const contenders = {
      objects: () =>
        timed(async () => {
          expected = await ports.exchange(ROWS_EACH)
        }),
      columns: () =>
        timed(async () => {
          const total = { rows: 0, sum: 0, tripped: 0 }
          for await (const { rows, sum, tripped } of exchanged(`${folder}/*.txt`).run({ pool })) {
            total.rows += rows
            total.sum += sum
            total.tripped += tripped
          }
          mustBeEqual('exchange-rows', total, { ...expected, tripped: expected.rows })
        }),
    }
    const { objects, columns } = await interleaved(rounds, contenders, FLOW_WARM_UPS)
    await ports.stop()
    const perSecond = (ms: readonly number[]): number => (2 * ROWS_EACH * 1000) / median(ms)
    return figure('exchange-rows', 'x', ratios(objects, columns), {
      'rows/s as objects': perSecond(objects),
      'rows/s as columns': perSecond(columns),
    })
  })
}

const CLIENTS = 20

/** Answers every request with rows without end; `ended` is told when a run has. */
function endlessServer(file: string, pool: FlowPool, ended: () => void): Server {
  return createServer((_request, response) => {
    const run = streamed(file).run({ pool })
    pipeline(run.toNode({ format: 'ndjson' }), response).then(ended, () => void run.cancel().then(ended))
  })
}

/** A client that leaves after some rows; resolves to when it did. */
function leave(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ port, agent: false }, (response) => {
      response.once('data', () => {
        resolve(performance.timeOrigin + performance.now())
        request.destroy()
      })
    })
    request.once('error', reject)
  })
}

function measureGone(): Promise<Figure> {
  return withPool(async (folder, pool) => {
    writeSplits(folder, 'row')
    const pattern = `${folder}/*.txt`
    let told: () => void = () => {}
    const server = endlessServer(pattern, pool, () => told())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const afterwards: number[] = []
    for (let client = 0; client < CLIENTS; client++) {
      const ended = new Promise<void>((resolve) => {
        told = resolve
      })
      const leftMs = await leave((server.address() as AddressInfo).port)
      await ended
      const last = await lastWorks(pattern).run({ pool }).collect()
      afterwards.push(Math.max(0, ...last.map(({ workedMs }) => workedMs - leftMs)))
    }
    await new Promise((resolve) => server.close(resolve))
    return figure('client-gone', 'ms', afterwards, { clients: CLIENTS, workers: WORKERS })
  })
}

const FILE_BYTES = 64 * 1024 * 1024
const READ_BYTES = 10 * 1024 ** 3
const SAMPLE_MS = 20

/** A file under so many names that they are 10 GB to who reads them. */
function writeLinked(folder: string): string {
  const first = join(folder, 'text')
  writeFileSync(first, 'a line of words that is some eighty bytes long, and has nothing to say to anyone\n'.repeat(FILE_BYTES / 81))
  mkdirSync(join(folder, 'many'))
  const names = Math.ceil(READ_BYTES / statSync(first).size)
  for (let name = 0; name < names; name++) linkSync(first, join(folder, 'many', `${name}.txt`))
  return join(folder, 'many/*.txt')
}

function measureMemory(): Promise<Figure> {
  return withPool(async (folder, pool) => {
    const pattern = writeLinked(folder)
    // What the workers load and the optimizer makes is not of the data.
    await sizes(join(folder, 'text')).run({ pool }).collect()
    collectGarbage()
    const before = process.memoryUsage().rss
    let most = before
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, SAMPLE_MS)
    const run = sizes(pattern).run({ pool })
    const elapsedMs = await timed(() => run.collect())
    clearInterval(timer)
    const { bytesIn } = run.stats()
    if (bytesIn < READ_BYTES) throw new Error(`memory-10gb: only ${bytesIn} bytes were read`)
    const growth = (most - before) / 1024 ** 2
    return figure('memory-10gb', 'MB', [growth], { 'before MB': before / 1024 ** 2, 'GB/s': bytesIn / 1e6 / elapsedMs, workers: WORKERS })
  })
}

export const benches: readonly Bench[] = [
  { name: 'costly-function', floor: 1.6, aim: 1.9, better: 'higher', run: measureCostly },
  {
    name: 'word-pairs-piscina',
    floor: 1.2,
    aim: 1.8,
    better: 'higher',
    async run(rounds) {
      const { byHand, flow, handStalls } = await pairsOnce(rounds)
      const detail = { 'by hand ms': median(byHand), 'flow ms': median(flow), 'longest stall by hand ms': median(handStalls) }
      return figure('word-pairs-piscina', 'x', ratios(byHand, flow), detail)
    },
  },
  {
    name: 'word-pairs-piscina-stall',
    floor: 30,
    aim: 10,
    better: 'lower',
    run: async (rounds) => figure('word-pairs-piscina-stall', 'ms', (await pairsOnce(rounds)).stalls, { workers: WORKERS }),
  },
  { name: 'exchange-rows', floor: 2.5, aim: 5, better: 'higher', run: measureExchange },
  { name: 'client-gone', floor: 10, aim: 2, better: 'lower', run: measureGone },
  { name: 'memory-10gb', floor: 400, aim: 150, better: 'lower', run: measureMemory },
]
