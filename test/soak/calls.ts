import assert from 'node:assert/strict'
import { type Connection, connect } from 'millrace'
import { leaks } from 'millrace/testing'
import { type Dice, dice, rest, type Soak, turns } from './soak.js'

type Served = typeof import('./calls.worker.js')
type Api = Awaited<ReturnType<typeof connect<Served>>>['api']

const MODULE = new URL('./calls.worker.js', import.meta.url)

interface Act {
  readonly name: string
  readonly expected: readonly string[]
  run(): Promise<void>
}

/** Connections one after another, each with rounds of calls at once; afterwards nothing may be held. */
export async function soakCalls(soak: Soak, seed: number): Promise<void> {
  for (let room = 0; room === 0 || !soak.isOver; room++) {
    const random = dice(seed + room)
    const workers = 1 + random.below(4)
    const ringBytes = random.pick([4096, 4096, 0x1_0000, undefined])
    const elasticBytes = random.pick([0, 10_000, undefined])
    const isMortal = random.chance(0.3)
    const name = `calls ${seed + room}: ${workers} workers, rings ${ringBytes}, elastic ${elasticBytes}`
    const connection = await connect<Served>(MODULE, { workers, ringBytes, elasticBytes, ...soak.stallOptions })
    for (let round = 0; round < 8 && (round === 0 || !soak.isOver); round++) {
      await Promise.all(
        Array.from({ length: 1 + random.below(25) }, () => attempt(soak, name, act(connection.api, random, isMortal), isMortal)),
      )
    }
    await soak.attempt('pools', `${name}: close`, [], () => close(connection, isMortal))
  }
}

function attempt(soak: Soak, room: string, { name, expected, run }: Act, isMortal: boolean): Promise<void> {
  return soak.attempt('calls', `${room}: ${name}`, isMortal ? [...expected, 'PeerLost'] : expected, run)
}

async function close(connection: Connection<unknown>, isMortal: boolean): Promise<void> {
  // A worker that exited may still be on its way out.
  for (let turn = 0; isMortal && turn < 100 && Object.keys(await leaks(connection)).length > 0; turn++) await rest(10)
  assert.deepEqual(await leaks(connection), {})
  await connection.close()
}

function act(api: Api, random: Dice, isMortal: boolean): Act {
  if (isMortal && random.chance(0.03)) return { name: 'exits', expected: ['PeerLost'], run: async () => void (await api.exits()) }
  return random.pick([
    echo,
    count,
    slowCount,
    blocks,
    cancelledCall,
    cancelledStream,
    signalledStream,
    throwing,
    refusing,
    untilAborted,
    computing,
  ])(api, random)
}

function echo(api: Api, random: Dice): Act {
  const length = random.pick([random.below(100), random.below(10_000), random.below(400_000)])
  const run = async () => assert.equal(((await api.echo(new Uint8Array(length))) as Uint8Array).length, length)
  return { name: `echo ${length}`, expected: [], run }
}

function count(api: Api, random: Dice): Act {
  const [to, max, pace] = [random.below(5000), 1 + random.below(5000), random.below(4)]
  const run = async () => {
    let got = 0
    for await (const n of api.count({ to })) {
      assert.equal(n, got++)
      if (got >= max) break
      if (pace === 0 && got % 500 === 0) await rest(1)
    }
    assert.equal(got, Math.min(to, max))
  }
  return { name: `count ${to}, ${max} wanted`, expected: [], run }
}

function slowCount(api: Api, random: Dice): Act {
  const to = random.below(300)
  const run = async () => {
    let got = 0
    for await (const { n, text } of api.countSlowly({ to })) {
      assert.equal(n, got++)
      assert.equal(text.length, n % 50)
    }
    assert.equal(got, to)
  }
  return { name: `countSlowly ${to}`, expected: [], run }
}

function blocks(api: Api, random: Dice): Act {
  const [blocks, bytes, max] = [random.below(12), 1 + random.pick([random.below(200_000), random.below(3000)]), 1 + random.below(15)]
  const run = async () => {
    let got = 0
    for await (const block of api.blocks({ blocks, bytes })) {
      assert.ok(block.length === bytes && block[0] === got && block[bytes - 1] === got)
      got++
      if (random.chance(0.1)) await rest(1)
      if (got >= max) break
    }
    assert.equal(got, Math.min(blocks, max))
  }
  return { name: `${blocks} blocks of ${bytes}, ${max} wanted`, expected: [], run }
}

function cancelledCall(api: Api, random: Dice): Act {
  const [length, after] = [random.below(300_000), random.below(6)]
  const run = async () => {
    const controller = new AbortController()
    const call = api.echo(new Uint8Array(length), { signal: controller.signal })
    const settled = call.then(
      (value) => assert.equal((value as Uint8Array).length, length),
      (error) => error,
    )
    await turns(after)
    controller.abort()
    const error = await settled
    if (error !== undefined) throw error
  }
  return { name: `echo ${length}, aborted after ${after}`, expected: ['Cancelled'], run }
}

function cancelledStream(api: Api, random: Dice): Act {
  const [padding, after] = [random.below(100_000), random.below(5)]
  const run = async () => {
    const stream = api.count({ to: 1e9, padding: new Uint8Array(padding) })
    const next = stream.next()
    // A worker that exits fails it before it is asked for.
    next.catch(() => {})
    await turns(after)
    await stream.return()
    assert.ok([0, undefined].includes((await next).value as never))
  }
  return { name: `count with ${padding}, left after ${after}`, expected: [], run }
}

function signalledStream(api: Api, random: Dice): Act {
  const at = random.below(2000)
  const run = async () => {
    const controller = new AbortController()
    let got = 0
    for await (const n of api.count({ to: 1e9 }, { signal: controller.signal })) {
      assert.equal(n, got)
      if (got++ === at) controller.abort()
    }
  }
  return { name: `count, aborted at ${at}`, expected: ['Cancelled'], run }
}

function throwing(api: Api, random: Dice): Act {
  const values = random.below(3000)
  const run = async () => {
    let got = 0
    try {
      for await (const n of api.throwsAfter({ values })) assert.equal(n, got++)
    } finally {
      assert.ok(got <= values)
    }
    assert.fail('it did not throw')
  }
  return { name: `throws after ${values}`, expected: ['RangeError'], run }
}

function refusing(api: Api): Act {
  return { name: 'refuses', expected: ['TypeError'], run: async () => void (await api.refuses()) }
}

function untilAborted(api: Api, random: Dice): Act {
  const after = random.below(3)
  const run = async () => {
    const stream = api.untilAborted()
    await stream.next()
    await turns(after)
    await stream.return()
  }
  return { name: 'untilAborted', expected: [], run }
}

function computing(api: Api, random: Dice): Act {
  const turns = random.below(10)
  return { name: `computes ${turns}`, expected: [], run: async () => assert.ok((await api.computes({ turns })) >= 0) }
}
