import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FRAME, lengthWord } from '../../src/frame/kinds.js'
import { PARCEL, WIRE_HEADER_BYTES } from '../../src/mesh/parcel-header.js'
import { type Channel, Wire } from '../../src/mesh/wire.js'
import { until } from '../support/connections.js'

/** Both ends of a socket, gone after the test. */
async function socketPair(body: (ours: Socket, theirs: Socket, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const path = join(folder, 'pair.sock')
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const theirs = connect(path)
  const [ours] = (await once(server, 'connection')) as [Socket]
  theirs.on('error', () => {})
  try {
    await body(ours, theirs, path)
  } finally {
    ours.destroy()
    theirs.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  }
}

/** A channel that writes down what it gets. */
function recorded(): Channel & { readonly got: string[]; bytes: number } {
  const got: string[] = []
  let ofParcel = 0
  const channel = {
    got,
    bytes: 0,
    frames: (bytes: Uint8Array, endsParcel: boolean) => {
      channel.bytes += bytes.length
      ofParcel += bytes.length
      if (!endsParcel) return
      got.push(`frames ${ofParcel}`)
      ofParcel = 0
    },
    controls: (bytes: Uint8Array) => void got.push(`controls ${bytes.length}`),
    failed: () => void got.push('failed'),
  }
  return channel
}

function parcelOf(length: number, flushed: () => void = () => {}): { bytes: Uint8Array; flushed: () => void } {
  return { bytes: new Uint8Array(WIRE_HEADER_BYTES + length), flushed }
}

function raw(channel: number, kind: number, length: number, body = length): Buffer {
  const bytes = Buffer.alloc(WIRE_HEADER_BYTES + body)
  bytes.writeUint32LE(channel, 0)
  bytes.writeUint32LE(((kind << 28) | length) >>> 0, 4)
  return bytes
}

/** A parcel with one frame of that stream. */
function framed(id: number): { bytes: Uint8Array; flushed: () => void } {
  const parcel = parcelOf(16)
  const view = new DataView(parcel.bytes.buffer)
  view.setUint32(WIRE_HEADER_BYTES, id, true)
  view.setUint32(WIRE_HEADER_BYTES + 4, lengthWord(FRAME.DATA, 8), true)
  return parcel
}

test('parcels of several links arrive whole and in order, however the socket cuts them', async () => {
  await socketPair(async (ours, theirs) => {
    const [a, b] = [new Wire(() => {}), new Wire(() => {})]
    const channels = [1, 2].map((number) => {
      const channel = recorded()
      b.open(number, channel)
      return channel
    })
    a.connect(ours)
    b.connect(theirs)
    let flushed = 0
    for (let n = 0; n < 100; n++)
      a.send(
        1 + (n % 2),
        PARCEL.frames,
        parcelOf((n + 1) * 1000, () => flushed++),
        false,
      )
    a.signal(2, PARCEL.failed)
    await until(() => channels[1].got.length === 51 && channels[0].got.length === 50, 'all')
    assert.deepEqual(
      channels[0].got,
      Array.from({ length: 50 }, (_, n) => `frames ${(2 * n + 1) * 1000}`),
    )
    assert.ok(channels[1].got.includes('failed'))
    await until(() => flushed === 100, 'all flushed')
    a.close()
    await until(() => b.isLost && a.isLost, 'both know')
  })
})

test('what is urgent goes ahead of what waits, which knows the streams that it holds', async () => {
  await socketPair(async (ours, theirs) => {
    const wire = new Wire(() => {})
    const far = recorded()
    const other = new Wire(() => {})
    other.open(1, far)
    wire.send(1, PARCEL.frames, framed(7), false)
    wire.send(1, PARCEL.frames, framed(8), false)
    wire.send(1, PARCEL.controls, parcelOf(32), true)
    wire.send(1, PARCEL.controls, parcelOf(48), true)
    const waits = (channel: number, id: number) => wire.isWaiting(channel, id as PhysicalStreamId)
    assert.deepEqual([waits(1, 7), waits(1, 8), waits(1, 9), waits(2, 7)], [true, true, false, false])
    wire.connect(ours)
    assert.equal(waits(1, 7), false)
    other.connect(theirs)
    await until(() => far.got.length === 4, 'all')
    assert.deepEqual(far.got, ['controls 32', 'controls 48', 'frames 16', 'frames 16'])
  })
})

test('no more than 256 KiB and a parcel are handed over at once; what waits is lost with the wire', async () => {
  await socketPair(async (ours, theirs) => {
    theirs.pause()
    const wire = new Wire(() => {})
    wire.connect(ours)
    for (let n = 0; n < 100; n++) wire.send(1, PARCEL.frames, parcelOf(100_000), false)
    assert.ok(ours.writableLength <= 0x4_0000 + 100_008, String(ours.writableLength))
    let told = false
    wire.onLost(() => {
      told = true
    })
    theirs.destroy()
    await until(() => wire.isLost, 'lost')
    assert.equal(told, true)
    wire.send(1, PARCEL.frames, parcelOf(8), false)
  })
})

test('what comes for a link that is not known yet waits for it; what comes for one that was given up goes nowhere', async () => {
  await socketPair(async (ours, theirs) => {
    const wire = new Wire(() => {})
    const [late, sentinel] = [recorded(), recorded()]
    wire.open(1, sentinel)
    wire.connect(ours)
    theirs.write(raw(5, PARCEL.controls, 16))
    theirs.write(raw(5, PARCEL.frames, 24))
    theirs.write(raw(1, PARCEL.frames, 8))
    await until(() => sentinel.got.length === 1, 'read')
    wire.open(5, late)
    assert.deepEqual(late.got, ['controls 16', 'frames 24'])
    wire.shut(5)
    theirs.write(raw(5, PARCEL.frames, 8))
    theirs.write(raw(1, PARCEL.frames, 8))
    await until(() => sentinel.got.length === 2, 'read')
    assert.equal(late.got.length, 2)
    assert.equal(wire.isLost, false)
  })
})

for (const [what, bytes] of Object.entries({
  'an unknown kind': raw(1, 4, 8),
  'a length beyond every parcel': raw(1, PARCEL.frames, 0x2_0001, 0),
})) {
  test(`${what} ends the wire`, async () => {
    await socketPair(async (ours, theirs) => {
      const wire = new Wire(() => {})
      wire.open(1, recorded())
      wire.connect(ours)
      theirs.write(bytes)
      await until(() => wire.isLost, 'lost')
    })
  })
}

test('more than 16 MiB for links that nobody knows end the wire', async () => {
  await socketPair(async (ours, theirs) => {
    const wire = new Wire(() => {})
    wire.connect(ours)
    const parcel = raw(9, PARCEL.frames, 0x2_0000)
    const flood = setInterval(() => {
      if (!theirs.destroyed) theirs.write(parcel)
    }, 0)
    await until(() => wire.isLost, 'lost')
    clearInterval(flood)
  })
})

test('whoever keeps the event loop from turning can take in what has arrived, and hears of the end', async () => {
  await socketPair(async (ours, _theirs, path) => {
    ours.destroy()
    // Another process writes, while this one does not yield.
    const script = `require('net').createServer((s) => { s.write(Buffer.from('${raw(1, PARCEL.frames, 16).toString('hex')}', 'hex'), () => s.destroy()) })
      .listen(process.argv[1], () => console.log('listening'))`
    const child = spawn(process.execPath, ['-e', script, `${path}.other`], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const wire = new Wire(() => {})
    const channel = recorded()
    wire.open(1, channel)
    const socket = connect(`${path}.other`)
    await once(socket, 'connect')
    wire.connect(socket)
    const deadline = performance.now() + 20_000
    while (!wire.isLost && performance.now() < deadline) wire.look()
    assert.deepEqual([channel.got, wire.isLost], [['frames 16'], true])
    child.kill()
    await once(child, 'exit')
  })
})

test('what the other end wrote before it died is read although nothing can be written to it any more', async () => {
  await socketPair(async (ours, theirs) => {
    const wire = new Wire(() => {})
    const channel = recorded()
    wire.open(1, channel)
    theirs.write(raw(1, PARCEL.frames, 0x1_0000))
    theirs.end()
    await once(theirs, 'finish')
    theirs.destroy()
    await once(theirs, 'close')
    // Before the event loop can read, a write fails.
    wire.connect(ours)
    wire.send(1, PARCEL.frames, parcelOf(8), false)
    await until(() => wire.isLost, 'lost')
    assert.equal(channel.bytes, 0x1_0000)
  })
})
