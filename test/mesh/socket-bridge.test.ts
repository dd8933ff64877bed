import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LEADER, participantId } from '../../src/base/ids.js'
import { encodeHandshake } from '../../src/mesh/handshake.js'
import { type Refusal, reach, SocketBridge } from '../../src/mesh/socket-bridge.js'
import { socketPath, sweepSocketFolders } from '../../src/mesh/socket-folder.js'
import { Wire } from '../../src/mesh/wire.js'
import { activeResources, assertReleased, until } from '../support/connections.js'
import { FakeClock } from '../support/fake-clock.js'

const TOKEN = randomBytes(16)
const MEMBER = participantId(7)
const SHOWN = { member: MEMBER, token: TOKEN }

interface Bridged {
  readonly bridge: SocketBridge
  readonly clock: FakeClock
  readonly refused: Refusal[]
  dial(): Promise<Socket>
  path: string
}

/** A bridge of the leader for one test; afterwards no descriptor, timer or file is left. */
async function bridged(body: (bridged: Bridged) => Promise<void>): Promise<void> {
  const before = activeResources()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const clock = new FakeClock()
  const refused: Refusal[] = []
  const bridge = new SocketBridge({ folder, self: LEADER, clock, refused: (why) => void refused.push(why) })
  await bridge.listen()
  const path = socketPath(folder, LEADER)
  const dialled: Socket[] = []
  const dial = async () => {
    const socket = connect(path)
    socket.on('error', () => {})
    dialled.push(socket)
    await once(socket, 'connect')
    return socket
  }
  try {
    await body({ bridge, clock, refused, dial, path })
  } finally {
    bridge.close()
    for (const socket of dialled) socket.destroy()
    assert.deepEqual(readdirSync(folder), [])
    rmSync(folder, { recursive: true })
  }
  assert.equal(bridge.strangerCount, 0)
  assert.equal(clock.timers.size, 0)
  await assertReleased(before)
}

const closed = async (socket: Socket): Promise<void> => {
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close')
}

test('who is expected is let in by its token, and what came with the handshake is not lost', async () => {
  await bridged(async ({ bridge, dial, refused }) => {
    const wire = new Wire(() => {})
    bridge.expect(MEMBER, TOKEN, wire)
    const arrived: number[] = []
    wire.open(3, { frames: (bytes) => arrived.push(...bytes), controls: () => {}, failed: () => {} })
    const socket = await dial()
    const parcel = Uint8Array.from([3, 0, 0, 0, 2, 0, 0, 0, 41, 42])
    const hello = Buffer.concat([encodeHandshake(SHOWN), parcel])
    for (const byte of hello) socket.write(Uint8Array.of(byte))
    await until(() => arrived.length === 2, 'the parcel')
    assert.deepEqual(arrived, [41, 42])
    assert.deepEqual(refused, [])
    socket.destroy()
    await until(() => wire.isLost, 'its close is told of')
  })
})

test('who comes before it is expected waits', async () => {
  await bridged(async ({ bridge, path }) => {
    const theirs = new Wire(() => {})
    reach(path, SHOWN, theirs)
    await until(() => bridge.strangerCount === 1, 'it has come')
    const ours = new Wire(() => {})
    await until(() => theirs.isConnected, 'it has connected')
    bridge.expect(MEMBER, TOKEN, ours)
    await until(() => ours.isConnected, 'it is let in')
    ours.close()
    await until(() => theirs.isLost, 'close is told of')
  })
})

const SPOILED: Readonly<Record<string, [Refusal, (hello: Buffer) => Uint8Array]>> = {
  'another token': ['token', (hello) => hello.fill(0, 16)],
  'one bit of the token': ['token', (hello) => hello.fill(hello[31] ^ 1, 31)],
  'another magic': ['foreign', (hello) => hello.fill(0, 0, 1)],
  'another version': ['foreign', (hello) => hello.fill(99, 4, 5)],
  'what should be nothing': ['foreign', (hello) => hello.fill(1, 12, 13)],
  'a number that no member has': ['foreign', (hello) => hello.fill(1, 10, 11)],
  'another protocol': ['foreign', () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
}

for (const [what, [why, spoil]] of Object.entries(SPOILED)) {
  test(`a handshake with ${what} is closed at once, counted and told of`, async () => {
    await bridged(async ({ bridge, dial, refused }) => {
      const wire = new Wire(() => {})
      bridge.expect(MEMBER, TOKEN, wire)
      const socket = await dial()
      socket.write(spoil(Buffer.from(encodeHandshake(SHOWN))))
      await closed(socket)
      assert.deepEqual([refused, bridge.refusals, wire.isConnected], [[why], { [why]: 1 }, false])
    })
  })
}

test('who says nothing, or half of it, or is unknown, is closed when its time is over; who leaves before is forgotten', async () => {
  await bridged(async ({ bridge, clock, dial, refused }) => {
    const [silent, half, unknown, leaver, visitor] = [await dial(), await dial(), await dial(), await dial(), await dial()]
    half.write(encodeHandshake(SHOWN).subarray(0, 31))
    unknown.write(encodeHandshake({ ...SHOWN, member: participantId(8) }))
    await until(() => bridge.strangerCount === 5, 'all have come')
    leaver.end('half')
    visitor.destroy()
    await until(() => bridge.strangerCount === 3, 'two have left')
    await clock.advance(4999)
    assert.equal(bridge.strangerCount, 3)
    await clock.advance(1)
    await Promise.all([silent, half, unknown].map(closed))
    assert.deepEqual(refused.sort(), ['left', 'silent', 'silent', 'unknown'])
  })
})

test('a handshake that lies unread when the deadline fires is looked at before it is judged', async () => {
  await bridged(async ({ bridge, clock, dial, refused }) => {
    const wire = new Wire(() => {})
    bridge.expect(MEMBER, TOKEN, wire)
    const socket = await dial()
    await until(() => bridge.strangerCount === 1, 'it has come')
    socket.write(encodeHandshake(SHOWN))
    // As where this thread was blocked: the timer runs first.
    await clock.advance(5000)
    await until(() => wire.isConnected, 'it is let in')
    assert.deepEqual(refused, [])
    wire.close()
    await until(() => wire.isLost, 'closed')
  })
})

test('a second connection of a member is closed, and the first lives on', async () => {
  await bridged(async ({ bridge, dial, refused, path }) => {
    const [ours, theirs] = [new Wire(() => {}), new Wire(() => {})]
    bridge.expect(MEMBER, TOKEN, ours)
    reach(path, SHOWN, theirs)
    await until(() => ours.isConnected, 'the first')
    const second = await dial()
    second.write(encodeHandshake(SHOWN))
    await closed(second)
    assert.deepEqual(refused, ['second'])
    assert.deepEqual([ours.isLost, theirs.isLost], [false, false])
    theirs.close()
    await until(() => ours.isLost, 'closed')
  })
})

test('of a flood of strangers 64 are heard, the rest is closed at once', async () => {
  await bridged(async ({ bridge, dial, refused, clock }) => {
    const sockets = await Promise.all(Array.from({ length: 100 }, dial))
    await until(
      () => refused.length === 36,
      () => `refused: ${refused.length}`,
    )
    assert.equal(bridge.strangerCount, 64)
    await clock.advance(5000)
    await Promise.all(sockets.map(closed))
    assert.deepEqual(bridge.refusals, { flood: 36, silent: 64 })
  })
})

test('who cannot be reached is lost', async () => {
  const wire = new Wire(() => {})
  reach(join(tmpdir(), 'millrace-nobody.sock'), SHOWN, wire)
  await until(() => wire.isLost, 'it is told of')
})

test('folders in which nobody listens any more are swept; those of pools that live, or are being made, stay', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const [dead, alive, unborn, other] = ['millrace-dead01', 'millrace-alive1', 'millrace-unborn', 'someone-else'].map((name) =>
    join(parent, name),
  )
  for (const folder of [dead, alive, unborn, other]) mkdirSync(folder)
  const bridge = new SocketBridge({ folder: alive, self: LEADER })
  await bridge.listen()
  // As after a kill: its socket lies there.
  const script = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"
  await once(spawn(process.execPath, ['-e', script, socketPath(dead, LEADER)]), 'exit')
  assert.deepEqual(readdirSync(dead), ['0.sock'])
  await sweepSocketFolders(parent)
  assert.deepEqual(readdirSync(parent).sort(), ['millrace-alive1', 'millrace-unborn', 'someone-else'])
  bridge.close()
  rmSync(parent, { recursive: true })
})
