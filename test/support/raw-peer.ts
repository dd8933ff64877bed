import { logicalOf, type PhysicalStreamId, senderOf } from '../../src/base/ids.js'
import { decodeCall } from '../../src/frame/call-payload.js'
import { decodeTotals, encodeTotals } from '../../src/frame/end-payload.js'
import { CONTROL, type ControlType, FRAME, type FrameKind } from '../../src/frame/kinds.js'
import { decodeError } from '../../src/stream/error-payload.js'
import type { LinkEnd } from '../../src/stream/link-end.js'

const FRAME_NAMES = Object.keys(FRAME)
const CONTROL_NAMES = ['START', 'CANCEL', 'CREDIT', 'SESSION_END']

/** The other end of a link, played by hand: what it sends need not follow the protocol, and what it got can be read as a trace. */
export class RawPeer {
  constructor(readonly end: LinkEnd) {}

  /** Publishes one frame. */
  send(kind: FrameKind, id: PhysicalStreamId, payload: Uint8Array = new Uint8Array(0), total = -1): void {
    if (!this.end.frames.outlet.tryWrite(kind, id, payload, 0, payload.length, total)) throw new Error('no room')
    this.end.frames.outlet.publish()
    this.end.wakePeer()
  }

  sendTotals(id: PhysicalStreamId, messages: number, bytes: number): void {
    this.send(FRAME.END, id, encodeTotals({ messages, bytes }))
  }

  /** Publishes one control record. */
  say(type: ControlType, id: PhysicalStreamId, value = 0, options: { generation?: number; flags?: number } = {}): void {
    const { generation = 0, flags = 0 } = options
    if (!this.end.controls.outlet.trySend({ type, flags, generation, id, value })) throw new Error('no room')
    this.end.controls.outlet.publish()
    this.end.wakePeer()
  }

  start(id: PhysicalStreamId, limit = 100_000): void {
    this.say(CONTROL.START_STREAM, id, limit)
  }

  /** Reads one frame; undefined: none. */
  readFrame(): string | undefined {
    const { inlet } = this.end.frames
    if (!inlet.next()) return undefined
    const text = describe(inlet.kind, inlet.id, inlet.copy())
    if (inlet.release()) this.end.wakePeer()
    return text
  }

  /** Reads all frames, each as a line. */
  frames(): string[] {
    const lines: string[] = []
    for (let line = this.readFrame(); line !== undefined; line = this.readFrame()) lines.push(line)
    return lines
  }

  /** Reads at most `max` control records, each as a line. */
  records(max = Number.POSITIVE_INFINITY): string[] {
    const { inlet } = this.end.controls
    const lines: string[] = []
    while (lines.length < max) {
      const record = inlet.next()
      if (record === undefined) break
      const { type, id, generation, value, flags } = record
      const parts = [CONTROL_NAMES[type], nameOf(id), generation > 0 ? `g${generation}` : '', String(value), flags === 1 ? 'starving' : '']
      lines.push(parts.filter((part) => part !== '').join(' '))
    }
    if (inlet.release()) this.end.wakePeer()
    return lines
  }
}

/** `3@1`: the logical id 3 of participant 1. */
function nameOf(id: PhysicalStreamId): string {
  return `${logicalOf(id)}@${senderOf(id)}`
}

function describe(kind: number, id: PhysicalStreamId, payload: Uint8Array): string {
  const name = `${FRAME_NAMES[kind]} ${nameOf(id)}`
  if (kind === FRAME.DATA || kind === FRAME.DATA_MORE) return `${name} ${payload.length}`
  if (kind === FRAME.END) return `${name} ${decodeTotals(payload).messages}/${decodeTotals(payload).bytes}`
  if (kind === FRAME.ERROR) return `${name} ${(decodeError(payload) as Error).message}`
  if (kind === FRAME.CALL) return `${name} g${decodeCall(payload).generation}`
  return kind === FRAME.GOODBYE ? 'GOODBYE' : name
}
