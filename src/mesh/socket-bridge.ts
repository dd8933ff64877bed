import { once } from 'node:events'
import { unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.js'
import { deadline } from '../base/deadline.js'
import type { ParticipantId } from '../base/ids.js'
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES, type Handshake, isSameToken } from './handshake.js'
import { socketPath } from './socket-folder.js'
import type { Wire } from './wire.js'

/** How long a peer may take from its connection to the end of its handshake. */
const HANDSHAKE_MS = 5000
/** Peers that connected and are not known yet. More are closed at once. */
const STRANGERS_MAX = 64

/** Why a connection was closed: it said nothing in time, went in the middle, spoke something else, had no or the wrong token, came twice, or there were too many. */
export type Refusal = 'silent' | 'left' | 'foreign' | 'unknown' | 'token' | 'second' | 'flood'

export interface BridgeOptions {
  readonly folder: string
  readonly self: ParticipantId
  readonly refused?: ((why: Refusal) => void) | undefined
  /** For tests. */
  readonly clock?: Pick<Clock, 'schedule'> | undefined
}

interface Expected {
  readonly token: Uint8Array
  readonly wire: Wire
}

interface Stranger {
  readonly socket: Socket
  bytes: Buffer
  /** Why it will be closed when its time is over. */
  waitsFor: 'silent' | 'unknown'
  readonly known: () => void
}

/** A member's listener: whom the leader said to expect is let in, once, by its token; everybody else is closed, counted and told of. */
export class SocketBridge {
  readonly refusals: Partial<Record<Refusal, number>> = {}
  private readonly server: Server
  private readonly strangers = new Set<Stranger>()
  private readonly expected = new Map<ParticipantId, Expected>()
  private readonly connected = new Set<ParticipantId>()
  private readonly path: string

  constructor(private readonly options: BridgeOptions) {
    this.path = socketPath(options.folder, options.self)
    this.server = createServer((socket) => this.met(socket))
    // Of what it cannot accept, for lack of descriptors, it hears no more than the peer does.
    this.server.on('error', () => {})
    this.server.unref()
  }

  /** Connections that have not said who they are. */
  get strangerCount(): number {
    return this.strangers.size
  }

  /** Resolves when others can connect. Rejects with what the system says. */
  async listen(): Promise<void> {
    this.server.listen(this.path)
    await once(this.server, 'listening')
  }

  /** This member will connect, or waits already, with this token: its socket is for `wire`. */
  expect(member: ParticipantId, token: Uint8Array, wire: Wire): void {
    this.expected.set(member, { token, wire })
    for (const stranger of this.strangers) if (stranger.waitsFor === 'unknown') this.judge(stranger)
  }

  /** It will not come any more. */
  forget(member: ParticipantId): void {
    this.expected.delete(member)
    this.connected.delete(member)
  }

  close(): void {
    this.server.close()
    for (const stranger of this.strangers) this.dismiss(stranger)
    try {
      unlinkSync(this.path)
    } catch {
      // It was not there yet, or goes with its folder.
    }
  }

  private met(socket: Socket): void {
    socket.unref()
    socket.on('error', () => {})
    if (this.strangers.size >= STRANGERS_MAX) {
      socket.destroy()
      this.refuse('flood')
      return
    }
    const known = deadline(() => this.dismiss(stranger, stranger.waitsFor), HANDSHAKE_MS, this.options.clock ?? systemClock)
    const stranger: Stranger = { socket, bytes: Buffer.alloc(0), waitsFor: 'silent', known }
    this.strangers.add(stranger)
    socket.on('data', (chunk: Buffer) => {
      stranger.bytes = Buffer.concat([stranger.bytes, chunk])
      if (stranger.waitsFor === 'silent') this.judge(stranger)
      // Nothing more is read before it is known.
      else socket.pause()
    })
    // Who says nothing and goes only looked whether somebody listens.
    socket.on('close', () => this.dismiss(stranger, stranger.bytes.length > 0 ? 'left' : undefined))
  }

  private judge(stranger: Stranger): void {
    if (stranger.bytes.length < HANDSHAKE_BYTES) return
    const said = decodeHandshake(stranger.bytes)
    const expected = said && this.expected.get(said.member)
    if (said === undefined) this.dismiss(stranger, 'foreign')
    else if (this.connected.has(said.member)) this.dismiss(stranger, 'second')
    else if (expected === undefined) stranger.waitsFor = 'unknown'
    else if (isSameToken(said.token, expected.token)) this.letIn(stranger, said.member, expected.wire)
    else this.dismiss(stranger, 'token')
  }

  private letIn(stranger: Stranger, member: ParticipantId, wire: Wire): void {
    const { socket, bytes } = stranger
    stranger.known()
    this.strangers.delete(stranger)
    this.connected.add(member)
    socket.removeAllListeners('data').removeAllListeners('close')
    wire.connect(socket, bytes.subarray(HANDSHAKE_BYTES))
    socket.resume()
  }

  private dismiss(stranger: Stranger, why?: Refusal): void {
    if (!this.strangers.delete(stranger)) return
    stranger.known()
    stranger.socket.destroy()
    if (why !== undefined) this.refuse(why)
  }

  private refuse(why: Refusal): void {
    this.refusals[why] = (this.refusals[why] ?? 0) + 1
    this.options.refused?.(why)
  }
}

/** Connects to a member that was told to expect us. Where that fails, the wire is lost. */
export function reach(path: string, handshake: Handshake, wire: Wire): void {
  const socket = connect(path)
  const fail = () => wire.lose()
  socket.once('close', fail)
  socket.once('connect', () => {
    socket.off('close', fail)
    socket.write(encodeHandshake(handshake))
    wire.connect(socket)
  })
  socket.on('error', () => {})
}
