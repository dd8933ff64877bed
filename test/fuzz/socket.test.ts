import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../src/base/errors.js'
import { logicalId, participantId, physicalId } from '../../src/base/ids.js'
import { CONTROL, FRAME, type FrameKind } from '../../src/frame/kinds.js'
import { attachSocketLink } from '../../src/mesh/socket-link.js'
import { Wire } from '../../src/mesh/wire.js'

const LINK = { channel: 3, first: participantId(0), second: participantId(1), firstRingBytes: 4096, secondRingBytes: 4096 }
const RUNS = process.env.MILLRACE_FULL === '1' ? 50_000 : 1000

/** A socket that keeps what is written to it, and gives what a test hands it. */
class PaperSocket extends EventEmitter {
  readonly written: Buffer[] = []
  isDestroyed = false

  write(bytes: Uint8Array, done: () => void): boolean {
    this.written.push(Buffer.from(bytes))
    done()
    return true
  }

  destroy(): void {
    this.isDestroyed = true
  }

  cork(): void {}
  uncork(): void {}
  unref(): void {}
  end(): void {}
}

function onPaper() {
  const socket = new PaperSocket()
  const wire = new Wire(() => {})
  wire.connect(socket as unknown as Socket)
  return { socket, wire }
}

const some = fc.oneof(
  fc.record({
    kind: fc.constantFrom<FrameKind>(FRAME.DATA, FRAME.CALL, FRAME.ERROR, FRAME.RESET, FRAME.GOODBYE),
    length: fc.integer({ min: 0, max: 512 }),
  }),
  fc.record({ type: fc.constantFrom(CONTROL.START_STREAM, CONTROL.CREDIT, CONTROL.CANCEL_STREAM), value: fc.maxSafeNat() }),
)

/** What an honest member writes. */
function honest(parts: readonly (typeof some extends fc.Arbitrary<infer P> ? P : never)[]): Buffer {
  const { socket, wire } = onPaper()
  const { frames, controls } = attachSocketLink({ wire, isDead: () => wire.isLost, schedule: () => {} }, LINK, LINK.second)
  const id = physicalId(logicalId(5), LINK.second)
  for (const part of parts) {
    if ('kind' in part) frames.outlet.tryWrite(part.kind, id, new Uint8Array(part.length), 0, part.length, -1)
    else controls.outlet.trySend({ ...part, flags: 0, generation: 0, id })
    frames.outlet.publish()
    controls.outlet.publish()
  }
  return Buffer.concat(socket.written)
}

const spoil = fc.record({
  at: fc.nat(),
  with: fc.integer({ min: 0, max: 255 }),
  cut: fc.nat({ max: 64 }),
  insert: fc.uint8Array({ maxLength: 24 }),
})

test('whatever arrives by a socket, in whatever pieces, ends in frames, records, a protocol error or the end of the wire', () => {
  const outcomes = { frames: 0, records: 0, refused: 0, lost: 0, pending: 0 }
  fc.assert(
    fc.property(
      fc.array(some, { maxLength: 12 }),
      fc.array(spoil, { maxLength: 3 }),
      fc.array(fc.nat({ max: 700 }), { maxLength: 20 }),
      (parts, spoils, cuts) => {
        let bytes = honest(parts)
        for (const { at, with: byte, cut, insert } of spoils) {
          const place = bytes.length === 0 ? 0 : at % bytes.length
          bytes = Buffer.concat([bytes.subarray(0, place), insert, Buffer.of(byte), bytes.subarray(place + cut)])
        }
        const { socket, wire } = onPaper()
        const link = attachSocketLink({ wire, isDead: () => wire.isLost, schedule: () => {} }, LINK, LINK.first)
        for (const cut of [...cuts, bytes.length]) {
          // As Node.js gives it: memory that nobody uses again.
          socket.emit('data', Buffer.from(bytes.subarray(0, cut)))
          bytes = bytes.subarray(cut)
        }
        try {
          while (link.controls.inlet.next() !== undefined) outcomes.records++
          while (link.frames.inlet.next()) {
            assert.equal(link.frames.inlet.copy().length, link.frames.inlet.length)
            outcomes.frames++
          }
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error))
          outcomes.refused++
        }
        if (wire.isLost) {
          assert.ok(socket.isDestroyed)
          outcomes.lost++
        } else outcomes.pending++
      },
    ),
    { numRuns: RUNS, seed: 20_261_127 },
  )
  // Otherwise it attacks nothing.
  for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count > RUNS / 100, `${outcome}: ${count}`)
})
