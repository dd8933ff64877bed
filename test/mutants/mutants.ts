import { PeerLostError } from '../../src/base/errors.js'
import { senderOf } from '../../src/base/ids.js'
import { CallServer } from '../../src/call/call-server.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { ExchangeOutput } from '../../src/exchange/exchange-output.js'
import { Gate } from '../../src/exchange/gate.js'
import { OrderedMerge } from '../../src/exchange/ordered-merge.js'
import { Outlet } from '../../src/exchange/outlet.js'
import { OutletSpill } from '../../src/exchange/outlet-spill.js'
import { FRAME } from '../../src/frame/kinds.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { ControlCells } from '../../src/stream/control-cells.js'
import { ReceiveCredit } from '../../src/stream/credit.js'
import { Inbound } from '../../src/stream/inbound.js'
import { MultiplexedReader } from '../../src/stream/multiplexed-reader.js'
import { MultiplexedWriter } from '../../src/stream/multiplexed-writer.js'
import { Overdraft } from '../../src/stream/overdraft.js'
import { StreamRegistry } from '../../src/stream/registry.js'
import { Session } from '../../src/stream/session.js'
import { Sink } from '../../src/stream/sink.js'
import { SourceTask } from '../../src/stream/source-task.js'
import { patch } from './patch.js'

/** A fault to plant. `plant` returns what removes it. */
export interface Mutant {
  readonly name: string
  /** A seed that finds it, where the first few do not: tried first, so that the test is quick. */
  readonly seed?: number
  /** That of its schedule, in place of its own. */
  readonly schedule?: number
  readonly plant: () => () => void
}

/** Faults of the kind that systems like this one have had; the simulation must find each of them. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'credit is not returned when the consumer leaves',
    plant: () => patch(Inbound, 'discard', (self) => self.received.clear()),
  },
  {
    name: 'END goes before queued data',
    plant: () =>
      patch(Sink, 'sendFrame', (self, original, outlet) => {
        if (self.current !== 'ending') return original(outlet)
        self.completeTotals()
        return self.sendTerminal(outlet)
      }),
  },
  {
    name: 'no second look before sleep',
    plant: () => patch(Session, 'mayWork', () => false),
  },
  {
    name: 'starving is never said',
    plant: () => patch(ControlCells, 'credit', (_self, original, id, generation, limit) => original(id, generation, limit, false)),
  },
  {
    name: 'a record that meets a full control ring is dropped',
    plant: () =>
      patch(ControlCells, 'fill', (self, original) => {
        original()
        for (const [id, cell] of self.cells) if (!cell.held) self.cells.delete(id)
      }),
  },
  {
    name: 'cancelling one sink cancels its source',
    plant: () =>
      patch(StreamRegistry, 'cancel', (self, original, peer, id, generation) => {
        original(peer, id, generation)
        for (const { sinks } of self.live) if (sinks[0].id === id) for (const sink of sinks) if (sink.state === 'open') sink.cancel()
      }),
  },
  {
    name: 'the id of a call that was left is used again before its terminal was read',
    plant: () =>
      patch(Inbound, 'cancel', (self, original) => {
        original()
        const { over } = self.options
        if (over === undefined) return
        self.options = { ...self.options, over: undefined }
        over()
      }),
  },
  {
    name: 'the overdraft is never handed on',
    plant: () => patch(Overdraft, 'release', (self, _original, borrower) => self.waiting.delete(borrower)),
  },
  {
    name: 'the gate does not feed who starves',
    plant: () => patch(Gate, 'feedStarving', () => {}),
  },
  {
    name: 'above its budget the gate stays shut for who starves too',
    plant: () =>
      patch(Gate, 'isOpen', (self, original) => {
        self.feedStarving()
        return self.output.queuedBytes <= self.budgetBytes && original()
      }),
  },
  {
    name: 'an ordered merge drops a head when another ends',
    plant: () =>
      patch(OrderedMerge, 'fill', (self, original) => {
        const before = self.heads.length
        const complete = original()
        if (self.heads.length >= before || self.heads.length === 0) return complete
        self.heads[0].row = undefined
        return false
      }),
  },
  {
    name: 'senders do not agree who gets a key',
    plant: () =>
      patch(ExchangeOutput, 'send', (self, original, outlet) => {
        const { route, outlets } = self
        if (outlets.length > 1 && self.turned === undefined) {
          self.turned = true
          self.route = (row: unknown) => (route(row) + senderOf(outlets[0].sinks[0].id)) % outlets.length
        }
        original(outlet)
      }),
  },
  {
    name: 'a lost peer is dropped before its ring is drained',
    seed: 106,
    plant: () =>
      patch(Session, 'servicePeer', (self, original, peer) => {
        if (peer.link.condition() !== 'lost') return original(peer)
        self.dropPeer(peer, new PeerLostError(`participant ${peer.id} is gone`))
        return true
      }),
  },
  {
    name: 'RESET is never sent',
    plant: () =>
      patch(Sink, 'sendTerminal', (self, original, outlet) => {
        if (self.terminal?.kind !== FRAME.RESET) return original(outlet)
        self.go('sent')
        self.listener.changed(self)
        return true
      }),
  },
  {
    name: 'GOODBYE goes before terminals',
    plant: () =>
      patch(MultiplexedWriter, 'fill', (self, original) => {
        const isFirst = self.goodbye === 'due' && self.outlet.tryWrite(FRAME.GOODBYE, 0, new Uint8Array(0), 0, 0, -1)
        if (isFirst) self.goodbye = 'sent'
        original()
      }),
  },
  {
    name: 'a START that came before planning was over is forgotten',
    plant: () => patch(StreamRegistry, 'unpark', (_self, _original, peer, sink) => peer.parked.delete(sink.id)),
  },
  {
    name: 'a closed input cancels only what it had started',
    plant: () =>
      patch(ExchangeInput, 'close', (self, original) => {
        if (self.streams.some((stream: { waits: boolean }) => stream.waits)) original()
      }),
  },
  {
    name: 'a peer that is lost has ended',
    plant: () =>
      patch(Inbound, 'lose', (self, original, error) => {
        if (self.current !== 'open') return original(error)
        self.go('end')
        self.close()
      }),
  },
  {
    name: 'a reader that frees room does not look whether it is wanted',
    plant: () =>
      patch(RingReader, 'release', (_self, original) => {
        original()
        return false
      }),
  },
  {
    name: 'a consumer that begins to wait while there is something to read never starves',
    plant: () => patch(MultiplexedReader, 'starve', (self) => self.expectant.clear()),
  },
  {
    name: 'a record of an older call counts for the newer one with its id',
    seed: 15,
    plant: () =>
      patch(StreamRegistry, 'find', (_self, original, peer, id, generation) => original(peer, id, generation) ?? peer.sinks.get(id)),
  },
  {
    name: 'a source is not told that a sink has closed',
    plant: () =>
      patch(SourceTask, 'notify', (self, original) => {
        if (!self.isCancelled) original()
      }),
  },
  {
    name: 'the input of a call that was left before it began is never let go',
    seed: 33,
    plant: () => patch(CallServer, 'dropInput', () => {}),
  },
  {
    name: 'GOODBYE does not tell that a session ends, where it is seen before SESSION_END',
    plant: () =>
      patch(Session, 'releaseIfDone', (self, original, peer) => {
        self.peerEnding = (each: unknown) => self.endPeer(each)
        original(peer)
        delete self.peerEnding
      }),
  },
  {
    name: 'a source that looks at its control rings itself wakes nobody who waits for the room that this frees',
    seed: 1029530,
    schedule: 1,
    plant: () =>
      patch(Session, 'poll', (self) => {
        for (const peer of self.peers.values()) self.guard(peer, () => self.control.poll(peer))
      }),
  },
  {
    name: 'a window may be larger than what is left of the budget',
    seed: 236,
    plant: () => patch(ReceiveCredit, 'reach', (self) => Math.floor(self.window())),
  },
  {
    name: 'no receiver gets its END before all rows on disk were read',
    seed: 366,
    plant: () => patch(ExchangeOutput, 'finishUnspilled', () => {}),
  },
  {
    name: 'a row overtakes those of its receiver that are on disk',
    seed: 366,
    plant: () =>
      patch(
        Outlet,
        'isLate',
        (self, _original, receiver, hasRoom) => self.spill !== undefined && !(hasRoom || self.sinks[receiver].isHungry),
      ),
  },
  {
    name: 'what a broadcast puts on disk for some of its receivers is read by all',
    seed: 1193,
    plant: () => patch(OutletSpill, 'append', (_self, original, message) => original(message, undefined)),
  },
  {
    name: 'a half-built batch that lingers is not asked for again',
    plant: () => patch(Gate, 'awaited', () => ({})),
  },
]
