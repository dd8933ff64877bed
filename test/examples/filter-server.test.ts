import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { RunStats } from 'millrace/flow'
import { type Running, startServer } from '../../examples/filter-server/server.js'
import { parquetBytes } from '../flow/parquet-writer.js'

const GROUPS = 50
const GROUP_ROWS = 1200
const LATER_MS = 40_000_000

const flight = (n: number): unknown[] => [n * 1000, (n % 200) - 20, n % 3000, n % 3 === 0 ? 'HNL' : 'LAX', 'JFK']

let folder = ''
let running: Running
const ends: { how: string; stats: RunStats }[] = []
let onEnd = (): void => {}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-filter-'))
  const file = join(folder, 'flights.parquet')
  const columns = [
    { name: 'date', type: 'INT64', converted: 'TIMESTAMP_MILLIS' } as const,
    { name: 'delay', type: 'DOUBLE' } as const,
    { name: 'distance', type: 'DOUBLE' } as const,
    { name: 'origin', type: 'BYTE_ARRAY', converted: 'UTF8' } as const,
    { name: 'destination', type: 'BYTE_ARRAY', converted: 'UTF8' } as const,
  ]
  const groups = Array.from({ length: GROUPS }, (_none, group) =>
    Array.from({ length: GROUP_ROWS }, (_each, row) => flight(group * GROUP_ROWS + row)),
  )
  await writeFile(file, parquetBytes(columns, groups))
  running = await startServer({
    file,
    workers: 2,
    onEnd: (how, stats) => {
      ends.push({ how, stats })
      onEnd()
    },
  })
})

after(async () => {
  await running.close()
  await rm(folder, { recursive: true })
})

const request = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ port: (running.server.address() as AddressInfo).port, path }, resolve).on('error', reject)
  })

const textOf = async (response: IncomingMessage): Promise<string> => (await response.toArray()).join('')

/** The next run that has ended. */
function nextEnd(): Promise<{ how: string; stats: RunStats }> {
  return new Promise((resolve) => {
    onEnd = () => resolve(ends.at(-1) as { how: string; stats: RunStats })
  })
}

test('a client gets the flights for which its conditions hold, as NDJSON, also while others do', async () => {
  const asked = ['/?origin=HNL&delay.least=178', `/?delay.most=-20&date.least=${new Date(LATER_MS).toISOString()}`]
  const answers = await Promise.all(asked.map((path) => request(path).then(textOf)))
  const [late, early] = answers.map((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { date: string; delay: number; origin: string }),
  )
  const all = Array.from({ length: GROUPS * GROUP_ROWS }, (_none, n) => n)
  assert.equal(late?.length, all.filter((n) => n % 3 === 0 && n % 200 >= 198).length)
  assert.ok(late?.every(({ origin, delay }) => origin === 'HNL' && delay >= 178))
  assert.equal(early?.length, all.filter((n) => n % 200 === 0 && n * 1000 >= LATER_MS).length)
})

test('a client that leaves stops the work that is done for it', async () => {
  const end = nextEnd()
  const response = await request('/')
  response.once('data', () => response.destroy())
  const { how, stats } = await end
  assert.equal(how, 'the client left')
  assert.ok(stats.rowsIn < GROUPS * GROUP_ROWS, `${stats.rowsIn} flights were read`)
  const { rowsIn } = stats
  assert.equal((await textOf(await request('/?origin=nowhere'))).length, 0)
  assert.equal(ends.at(-2)?.stats.rowsIn, rowsIn)
})

test('a client that reads nothing holds no other one up', async () => {
  const idle = await request('/')
  const count = (await textOf(await request('/?delay.least=179'))).trimEnd().split('\n').length
  assert.equal(count, (GROUPS * GROUP_ROWS) / 200)
  const end = nextEnd()
  idle.destroy()
  assert.equal((await end).how, 'the client left')
})

test('a question that cannot be asked is refused before a run begins', async () => {
  for (const [path, why] of [
    ['/?speed=1', /^there is no column speed: date, delay, distance, origin, destination\n$/],
    ['/?delay=late', /^delay is a number, not "late"\n$/],
    ['/?delay.over=5', /^delay\.over: a column alone, or with \.least or \.most\n$/],
  ] as const) {
    const response = await request(path)
    assert.equal(response.statusCode, 400)
    assert.match(await textOf(response), why)
  }
})
