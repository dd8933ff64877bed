import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../base/assert.js'
import { MillraceError } from '../base/errors.js'
import { LEADER, type ParticipantId } from '../base/ids.js'
import type { SocketLink } from './acquaintance.js'
import { TOKEN_BYTES } from './handshake.js'
import type { Born, EndOfLink, Medium, RingSizes, WorkerEvents } from './medium.js'
import type { Member } from './member.js'
import type { PoolOptions } from './pool-options.js'
import { createPoolWorker, type PoolWorker } from './pool-worker.js'
import { metProcess } from './process-acquaintance.js'
import { startProcess } from './process-host.js'
import type { LinkSpec, SetupReply } from './setup.js'
import { SocketBridge, socketPath } from './socket-bridge.js'
import { Wire } from './wire.js'

/** What fits the address of a Unix socket on every system, with the zero at its end. */
const PATH_BYTES_MAX = 103

/** Workers in processes of their own: one socket between every two that have met, for frames and for death. */
export class ProcessMedium implements Medium {
  private readonly folder: string
  private readonly bridge: SocketBridge
  private readonly listening: Promise<void>
  private nextChannel = 1

  constructor(
    private readonly member: Member,
    private readonly options: PoolOptions,
    private readonly events: WorkerEvents<SetupReply>,
    private readonly ringBytes: number,
  ) {
    this.folder = createFolder()
    process.once('exit', this.clear)
    this.bridge = new SocketBridge({ folder: this.folder, self: LEADER })
    this.listening = this.bridge.listen()
    this.listening.catch(() => {})
  }

  born(id: ParticipantId): Born {
    const { member, options, events, ringBytes, folder } = this
    const { bootstrap, boot, elasticBytes, thread } = options
    assert(bootstrap instanceof URL, 'a process runs a module')
    const token = randomBytes(TOKEN_BYTES)
    const wire = new Wire(member.loop.bell)
    const link = this.newLink(LEADER, id, { firstRingBytes: ringBytes, secondRingBytes: ringBytes })
    const title = `${thread?.name ?? 'millrace'}-${id}`
    this.bridge.expect(id, token, wire)
    const birth = this.listening.then(() => ({ kind: 'birth' as const, id, title, folder, token, link, elasticBytes, boot }))
    const host = startProcess(bootstrap, thread, birth, wire, {
      replied: (reply) => events.replied(worker, reply),
      exited: (code, cause) => events.exited(worker, code, cause),
    })
    const worker = createPoolWorker(id, host)
    const schedule = () => member.loop.schedule()
    const isDead = () => worker.state === 'gone'
    member.meet(id, metProcess(wire, schedule, isDead))
    return { worker, end: member.attach(id, link, LEADER), begin: () => {} }
  }

  introduce(a: PoolWorker, b: PoolWorker): void {
    const token = randomBytes(TOKEN_BYTES)
    a.host.post({ kind: 'meet', id: b.id, through: { kind: 'expect', member: b.id, token } })
    b.host.post({ kind: 'meet', id: a.id, through: { kind: 'reach', member: a.id, token } })
  }

  link(first: EndOfLink, second: EndOfLink, sizes: RingSizes): [LinkSpec, LinkSpec] {
    const link = this.newLink(first.participant, second.participant, sizes)
    return [
      { kind: 'far', peer: second.participant, member: second.member, link },
      { kind: 'far', peer: first.participant, member: first.member, link },
    ]
  }

  parted(id: ParticipantId): void {
    this.bridge.forget(id)
    rmSync(socketPath(this.folder, id), { force: true })
  }

  close(): void {
    process.off('exit', this.clear)
    this.bridge.close()
    this.clear()
  }

  private newLink(first: ParticipantId, second: ParticipantId, sizes: RingSizes): SocketLink {
    return { channel: this.nextChannel++, first, second, ...sizes }
  }

  private readonly clear = (): void => rmSync(this.folder, { recursive: true, force: true })
}

/** Nobody else may look into it. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const longest = Buffer.byteLength(socketPath(folder, 0xffff))
  if (longest <= PATH_BYTES_MAX) return folder
  rmSync(folder, { recursive: true })
  throw new MillraceError(
    'InvalidArgument',
    `a socket in ${tmpdir()} would have a path of ${longest} bytes, and ${PATH_BYTES_MAX} are possible: set TMPDIR to a shorter one`,
  )
}
