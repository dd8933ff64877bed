import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { assert } from '../base/assert.js'
import { LEADER, type ParticipantId } from '../base/ids.js'
import type { MappedSegment, OwnSegment } from '../memory/mapped-memory.js'
import type { MappedLink, SocketLink } from './acquaintance.js'
import { TOKEN_BYTES } from './handshake.js'
import { createMappedLink } from './mapped-link.js'
import type { Born, EndOfLink, Medium, MediumDescription, RingSizes, WorkerEvents } from './medium.js'
import type { Member } from './member.js'
import { MemberWords } from './member-words.js'
import type { PoolOptions } from './pool-options.js'
import { createPoolWorker, type PoolWorker } from './pool-worker.js'
import { metProcess } from './process-acquaintance.js'
import { startProcess } from './process-host.js'
import type { LinkSpec, SetupReply } from './setup.js'
import { SocketBridge } from './socket-bridge.js'
import { createSocketFolder, socketPath, sweepSocketFolders } from './socket-folder.js'
import { startFailed } from './start-failed.js'
import type { Transport } from './transport.js'
import { Wire } from './wire.js'

/** Workers in processes of their own: one socket between every two that have met, for frames and for death. */
export class ProcessMedium implements Medium {
  private readonly folder: string
  private readonly bridge: SocketBridge
  private readonly listening: Promise<void>
  private readonly swept: Promise<void>
  private nextNumber = 1
  /** Memory of links that is held until these members have opened it. */
  private readonly held = new Map<number, { readonly own: OwnSegment; readonly members: Set<ParticipantId> }>()
  /** Links that go over sockets because there was no memory for them, and why the last one does. */
  private lacking = { links: 0, why: '' }

  constructor(
    private readonly member: Member,
    private readonly options: PoolOptions,
    private readonly events: WorkerEvents<SetupReply>,
    private readonly ringBytes: number,
    private readonly transport: Transport,
  ) {
    this.folder = createSocketFolder()
    process.once('exit', this.clear)
    this.bridge = new SocketBridge({ folder: this.folder, self: LEADER, refused: (why) => options.refused?.(why, LEADER) })
    this.listening = this.bridge.listen().catch((error) => {
      throw startFailed('the socket of a pool could not be made', error)
    })
    this.listening.catch(() => {})
    this.swept = sweepSocketFolders()
  }

  get description(): MediumDescription {
    const { kind, why } = this.transport
    const { links, why: lack } = this.lacking
    return { transport: kind, why: links === 0 ? why : `${why}, but ${links} links go over sockets: ${lack}` }
  }

  born(id: ParticipantId): Born {
    const { member, options, events, ringBytes, folder, transport } = this
    const { bootstrap, boot, elasticBytes, thread } = options
    assert(bootstrap instanceof URL, 'a process runs a module')
    const token = randomBytes(TOKEN_BYTES)
    const wire = new Wire(member.loop.bell)
    const sizes = { firstRingBytes: ringBytes, secondRingBytes: ringBytes }
    const link = this.newLink({ participant: LEADER, member: LEADER }, { participant: id, member: id }, sizes)
    const table = transport.kind === 'shm' ? transport.table.address : undefined
    const title = `${thread?.name ?? 'millrace'}-${id}`
    this.bridge.expect(id, token, wire)
    const birth = this.listening.then(() => ({ kind: 'birth' as const, id, title, folder, token, link, table, elasticBytes, boot }))
    const host = startProcess(bootstrap, thread, birth, wire, {
      replied: (reply) => events.replied(worker, reply),
      exited: (code, cause) => events.exited(worker, code, cause),
    })
    const worker = createPoolWorker(id, host)
    const shared = transport.kind === 'shm' ? { open: this.openOwn, words: MemberWords.inTable(transport.table.segment, id) } : undefined
    member.meet(
      id,
      metProcess({
        wire,
        shared,
        isDead: () => worker.state === 'gone',
        schedule: () => member.loop.schedule(),
      }),
    )
    return { worker, end: member.attach(id, link, LEADER), begin: () => {} }
  }

  introduce(a: PoolWorker, b: PoolWorker): void {
    const token = randomBytes(TOKEN_BYTES)
    a.host.post({ kind: 'meet', id: b.id, through: { kind: 'expect', member: b.id, token } })
    b.host.post({ kind: 'meet', id: a.id, through: { kind: 'reach', member: a.id, token } })
  }

  link(first: EndOfLink, second: EndOfLink, sizes: RingSizes): [LinkSpec, LinkSpec] {
    const link = this.newLink(first, second, sizes)
    return [
      { kind: 'far', peer: second.participant, member: second.member, link },
      { kind: 'far', peer: first.participant, member: first.member, link },
    ]
  }

  opened(id: ParticipantId, epoch: number): void {
    const held = this.held.get(epoch)
    if (held === undefined) return
    held.members.delete(id)
    if (held.members.size > 0) return
    held.own.closeDescriptor()
    this.held.delete(epoch)
  }

  parted(id: ParticipantId): void {
    for (const epoch of [...this.held.keys()]) this.opened(id, epoch)
    this.bridge.forget(id)
    rmSync(socketPath(this.folder, id), { force: true })
  }

  async close(): Promise<void> {
    await this.swept
    process.off('exit', this.clear)
    this.bridge.close()
    for (const { own } of this.held.values()) own.closeDescriptor()
    if (this.transport.kind === 'shm') this.transport.table.closeDescriptor()
    this.clear()
  }

  private newLink(first: EndOfLink, second: EndOfLink, sizes: RingSizes): SocketLink | MappedLink {
    const number = this.nextNumber++
    const ends = { first: first.participant, second: second.participant, ...sizes }
    const { transport } = this
    const overSocket = { channel: number, ...ends }
    if (transport.kind === 'socket') return overSocket
    try {
      const { link, own } = createMappedLink(transport.mapper, { epoch: number, ...ends }, this.options.ringPosition)
      // Our own end is mapped already; others open it for themselves.
      if (first.member !== LEADER) own.unmap()
      this.held.set(number, { own, members: new Set([first.member, second.member]) })
      return link
    } catch (error) {
      this.lacking = { links: this.lacking.links + 1, why: (error as Error).message }
      return overSocket
    }
  }

  private readonly openOwn = ({ epoch }: MappedLink): MappedSegment => {
    const held = this.held.get(epoch)
    assert(held !== undefined, `link ${epoch} is not held`)
    this.opened(LEADER, epoch)
    return held.own
  }

  private readonly clear = (): void => rmSync(this.folder, { recursive: true, force: true })
}
