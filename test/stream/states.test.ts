import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { PeerLostError } from '../../src/base/errors.js'
import { encodeTotals } from '../../src/frame/end-payload.js'
import { FRAME, type FrameKind } from '../../src/frame/kinds.js'
import { MemoryFrames } from '../../src/frame/memory-frames.js'
import { Budget } from '../../src/stream/credit.js'
import { encodeError, RANK } from '../../src/stream/error-payload.js'
import { Inbound } from '../../src/stream/inbound.js'
import { INBOUND_TABLE, type InboundEvent, type InboundState } from '../../src/stream/inbound-state.js'
import { Overdraft } from '../../src/stream/overdraft.js'
import { Sink } from '../../src/stream/sink.js'
import { nextSinkState, SINK_TABLE, type SinkEvent, type SinkState } from '../../src/stream/sink-state.js'
import { coverageOfTables, pairsOf, showCoverage } from '../support/coverage-of-tables.js'
import { message, P, streamId } from '../support/test-source.js'

// Every event in every state, also those that two honest ends never do to each other. The model of a whole life is in model.test.ts.

// Copies, so that what the tests look up does not count as covered.
const SINK = structuredClone(SINK_TABLE)
const STREAM = structuredClone(INBOUND_TABLE)
const ID = streamId(1, 1)
const TERMINALS = new Set<number>([FRAME.END, FRAME.ERROR, FRAME.RESET])
const SINK_EVENTS = Object.keys(SINK_TABLE.planned) as SinkEvent[]
const STREAM_EVENTS = Object.keys(INBOUND_TABLE.idle) as InboundEvent[]

/** A sink over frames in memory, with credit for one message at a time. */
class SinkAlone {
  readonly frames = new MemoryFrames(0x1000)
  readonly kinds: number[] = []
  private limit = 72
  readonly sink = new Sink(ID, P(0), 0, this.frames.payloadBytesMax, {
    sendable: () => {},
    changed: () => {},
    directOutlet: () => undefined,
  })

  fire(event: SinkEvent): void {
    const { sink } = this
    if (event === 'start') sink.start(72)
    else if (event === 'cancel') sink.cancel()
    else if (event === 'credit') this.grant()
    else if (event === 'write') sink.write(message(8))
    else if (event === 'finish') sink.finish()
    else if (event === 'fail') sink.fail(new Error('boom'), RANK.root)
    else if (event === 'lost') sink.lose()
    else this.sendAll()
  }

  private grant(): void {
    this.limit += 72
    this.sink.grant(this.limit, false)
  }

  /** For `sent`: whatever may go out does; where the terminal frame is not due, it is asked for all the same. */
  private sendAll(): void {
    if (!this.sink.canSend) this.sink.sendFrame(this.frames)
    while (this.sink.canSend) this.sink.sendFrame(this.frames)
    this.frames.publish()
    while (this.frames.next()) this.kinds.push(this.frames.kind)
    this.frames.release()
  }
}

test('a sink takes every event in every state as its table says, and sends one terminal frame', async (context) => {
  const property = fc.property(fc.array(fc.constantFrom(...SINK_EVENTS), { maxLength: 12 }), (events) => {
    const alone = new SinkAlone()
    for (const event of events) {
      const before: SinkState = alone.sink.state
      const next = SINK[before][event]
      if (next === 'violation') assert.throws(() => alone.fire(event), { code: 'Protocol' })
      else if (next === 'bug') assert.throws(() => (event === 'sent' ? sentBy(alone) : alone.fire(event)), { code: 'Internal' })
      else if (event !== 'sent') {
        alone.fire(event)
        assert.equal(alone.sink.state, next, `${event} for a sink that is ${before}`)
      } else if (alone.sink.canSend) alone.fire('sent')
      if (next === 'violation' || next === 'bug') return
    }
    assert.ok(alone.kinds.filter((kind) => TERMINALS.has(kind)).length <= 1)
    assert.ok(
      alone.kinds.slice(0, -1).every((kind) => !TERMINALS.has(kind)),
      'a frame after the terminal one',
    )
  })
  const { sink } = await coverageOfTables(async () => {
    fc.assert(property, { numRuns: 5000, seed: 7 })
    // Without a terminal frame a sink does not come as far as to say that it was sent.
    for (const state of ['planned', 'open'] as const) assert.throws(() => nextSinkState(state, 'sent'), { code: 'Internal' })
  })
  context.diagnostic(showCoverage('Sink, alone', SINK_TABLE, sink))
  assert.deepEqual(
    pairsOf(SINK_TABLE).filter((pair) => !sink.has(pair)),
    [],
  )
})

/** A terminal frame sent where none is due. */
function sentBy({ sink, frames }: SinkAlone): void {
  while (sink.sendFrame(frames));
}

/** A stream fed by hand. */
class StreamAlone {
  readonly budget = new Budget(0)
  readonly overdraft = new Overdraft()
  said: string[] = []
  private readonly frames = new MemoryFrames(0x1000)
  private sent = 0
  readonly stream = new Inbound({
    id: ID,
    generation: 0,
    payloadMax: 512,
    budget: this.budget,
    overdraft: this.overdraft,
    delivery: 'calls',
    outlet: {
      start: () => this.said.push('start'),
      credit: () => this.said.push('credit'),
      awaitData: (stream) => stream.starve(),
      cancel: () => this.said.push('cancel'),
      waiting: () => {},
    },
  })

  fire(event: InboundEvent): void {
    const { stream } = this
    if (event === 'pull') {
      while (stream.take() !== undefined);
      stream.ready().catch(() => {})
    } else if (event === 'cancel') stream.cancel()
    else if (event === 'lost') stream.lose(new PeerLostError('gone'))
    else if (event === 'data') {
      while (stream.take() !== undefined);
      this.accept(FRAME.DATA, message(8))
      this.sent++
    } else if (event === 'end') this.accept(FRAME.END, encodeTotals({ messages: this.sent, bytes: 8 * this.sent }))
    else if (event === 'error') this.accept(FRAME.ERROR, encodeError(new Error('boom'), RANK.root, 512))
    else this.accept(FRAME.RESET, new Uint8Array(8))
  }

  private accept(kind: FrameKind, payload: Uint8Array): void {
    const { frames } = this
    frames.tryWrite(kind, ID, payload, 0, payload.length, -1)
    frames.publish()
    frames.next()
    try {
      this.stream.accept(frames)
    } finally {
      frames.release()
    }
  }
}

test('a stream takes every event in every state as its table says, and keeps no memory after its end', async (context) => {
  const property = fc.property(fc.array(fc.constantFrom(...STREAM_EVENTS), { maxLength: 12 }), (events) => {
    const alone = new StreamAlone()
    for (const event of events) {
      const before: InboundState = alone.stream.state
      const next = STREAM[before][event]
      if (next === 'violation') {
        assert.throws(() => alone.fire(event), { code: 'Protocol' })
        return
      }
      // What is taken in a window of one frame is granted again by a pull.
      if (event === 'data' && before === 'open') alone.fire('pull')
      if (event === 'data' && before === 'cancelled') continue
      alone.fire(event)
      assert.equal(alone.stream.state, next, `${event} for a stream that is ${before}`)
    }
    assert.ok(alone.said.filter((each) => each === 'start').length <= 1)
    assert.ok(alone.said.filter((each) => each === 'cancel').length <= 1)
    if (alone.stream.isOver) {
      while (alone.stream.take() !== undefined);
      assert.deepEqual([alone.budget.streams, alone.budget.chargedBytes, alone.overdraft.isFree], [0, 0, true])
    }
  })
  const { stream } = await coverageOfTables(async () => {
    fc.assert(property, { numRuns: 5000, seed: 7 })
    const alone = new StreamAlone()
    for (const event of ['pull', 'cancel', 'data'] as const) alone.fire(event)
    assert.equal(alone.stream.state, 'cancelled')
  })
  context.diagnostic(showCoverage('Stream, alone', INBOUND_TABLE, stream))
  assert.deepEqual(
    pairsOf(INBOUND_TABLE).filter((pair) => !stream.has(pair)),
    [],
  )
})
