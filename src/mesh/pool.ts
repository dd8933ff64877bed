import { type Clock, systemClock } from '../base/clock.js'
import { MillraceError, PeerLostError, SessionEndedError } from '../base/errors.js'
import { LEADER, type ParticipantId, participantId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { macrotask } from '../base/macrotask.js'
import { within } from '../base/within.js'
import { keepFreedMemory } from '../memory/malloc.js'
import { decodeError } from '../stream/error-payload.js'
import type { Session, SessionOptions } from '../stream/session.js'
import { createMedium } from './create-medium.js'
import { Hold } from './hold.js'
import { type Holdings, holdingsOf } from './holdings.js'
import { Introductions } from './introductions.js'
import { LEAVE_TIMEOUT_MS, leave } from './leave.js'
import type { Medium, MediumDescription } from './medium.js'
import type { Member } from './member.js'
import type { PoolOptions } from './pool-options.js'
import type { PoolWorker } from './pool-worker.js'
import { type MeshRequest, memberOf, QueryMesh } from './query-mesh.js'
import { Questions } from './questions.js'
import { CALLS, type SetupReply } from './setup.js'
import { askAll, type Members, type StallOptions } from './stall-report.js'
import { STALL_MS_DEFAULT, StallWatch } from './stall-watch.js'
import { endedUnserved, exitOf } from './worker-exit.js'

const CLOSE_TIMEOUT_MS = 5000
const START_TIMEOUT_MS = 60_000
/** Numbers of workers end at 65535: towards their end none is given up for nothing. */
const RETIRE_BEFORE = 60_000
/** So many replacements in a row that fail before they serve break the pool. */
const START_FAILURES_MAX = 3

type Waiter = { resolve: (worker: PoolWorker) => void; reject: (error: unknown) => void }

/**
 * Workers that live, and the leader's side of the mesh of calls that they share with it. The leader is participant 0. A worker that
 * dies is replaced under a fresh participant id.
 */
export class Pool {
  readonly member: Member
  readonly session: Session
  readonly hold: Hold
  private readonly all = new Map<ParticipantId, PoolWorker>()
  private readonly meshes = new Map<number, QueryMesh>()
  private readonly clock: Clock
  private readonly introductions: Introductions
  private readonly medium: Medium
  private readonly questions = new Questions()
  private waiters: Waiter[] = []
  private nextWorkerId = 1
  private nextMeshId = 1
  private startFailures = 0
  private replacements = 0
  private broken: { readonly error: unknown } | undefined
  private closed: Promise<void> | undefined

  constructor(private readonly options: PoolOptions) {
    keepFreedMemory()
    this.clock = options.clock ?? systemClock
    const ringBytes = options.ringBytes ?? LIMITS.callRingBytesDefault
    const made = createMedium(options, this, ringBytes)
    this.member = made.member
    this.medium = made.medium
    this.introductions = new Introductions(this.all, this.medium, ringBytes)
    const members = () => ({ mesh: CALLS, session: this.session, workers: [...this.all].filter(([, { state }]) => state !== 'gone') })
    const watch = options.stall === undefined ? undefined : this.stallWatch(options.stall, members)
    this.hold = new Hold(watch === undefined ? undefined : (by) => watch.change(by))
    this.session = this.member.createSession({
      self: LEADER,
      kind: 'call',
      elasticBytes: options.elasticBytes,
      waiting: (change) => this.hold.change(change),
      peerFailed: (id, error) => void this.dismiss(id, error),
    })
    for (let index = 0; index < Math.max(1, options.workers); index++) this.start()
  }

  /** Workers that serve now. */
  get ready(): PoolWorker[] {
    return [...this.all.values()].filter((worker) => worker.state === 'ready')
  }

  /** Workers that are not gone. */
  get living(): PoolWorker[] {
    return [...this.all.values()].filter(({ state }) => state !== 'gone')
  }

  /** How many workers were started in place of others. */
  get replaced(): number {
    return this.replacements
  }

  /** Whether the last workers that were started could not begin. */
  get isBroken(): boolean {
    return this.broken !== undefined
  }

  /** Whether its worker is this thread. */
  get isInline(): boolean {
    return this.options.workers === 0
  }

  /** What carries frames among its members, and why. */
  get description(): MediumDescription {
    return this.medium.description
  }

  get isClosed(): boolean {
    return this.closed !== undefined
  }

  /** A worker that serves, as soon as there is one. Rejects where there will be none. */
  anyReady(): Promise<PoolWorker> {
    const [worker] = this.ready
    if (worker !== undefined) return Promise.resolve(worker)
    return this.nextReady()
  }

  /** Rejects where this worker does not serve. */
  async reach(id: ParticipantId): Promise<void> {
    if (this.all.get(id)?.state !== 'ready') throw new PeerLostError(`worker ${id} does not serve`)
  }

  /** Resolves when every worker that was asked for serves. Rejects where one cannot. One that was given up while others started is tried again. */
  async allReady(): Promise<PoolWorker[]> {
    const wanted = Math.max(1, this.options.workers)
    while (this.ready.length < wanted) {
      const coming = this.living.filter(({ isRetired }) => !isRetired).length
      if (this.broken === undefined) for (let missing = wanted - coming; missing > 0; missing--) this.grow()
      await this.nextReady()
    }
    return this.ready
  }

  /** A mesh of its own for one query among some of the workers. */
  createMesh(
    request: MeshRequest,
    { stall, ...options }: Pick<SessionOptions, 'sourceFailed' | 'elasticBytes'> & { readonly stall?: StallOptions | undefined },
  ): QueryMesh {
    if (this.closed !== undefined) throw new SessionEndedError('the pool is closed')
    for (const id of request.workers) if (this.all.get(id)?.state !== 'ready') throw new PeerLostError(`worker ${id} does not serve`)
    for (const [a, b] of request.pairs) this.introductions.introduce(memberOf(request, a), memberOf(request, b))
    const id = this.nextMeshId++
    const watch = stall === undefined ? undefined : this.stallWatch(stall, () => this.membersOf(mesh))
    const waiting = (change: 1 | -1) => {
      this.hold.change(change)
      watch?.change(change)
    }
    const mesh: QueryMesh = new QueryMesh(id, request, {
      member: this.member,
      ringBytes: this.options.ringBytes ?? LIMITS.ringBytesDefault,
      medium: this.medium,
      session: { ...options, waiting },
      post: (worker, message) => this.all.get(worker)?.host.post(message),
    })
    this.meshes.set(id, mesh)
    mesh.session.ended.then(() => this.meshes.delete(id))
    return mesh
  }

  /** What the leader and every worker that serves still hold, by participant. For tests: nothing is left where nothing is open. */
  async census(): Promise<ReadonlyMap<ParticipantId, Holdings>> {
    this.hold.change(1)
    const all = new Map<ParticipantId, Holdings>([[LEADER, holdingsOf(this.member, this.session)]])
    const ask = async (worker: PoolWorker) => all.set(worker.id, (await this.questions.ask(worker, { about: 'census' })) ?? {})
    await Promise.all(this.ready.map(ask))
    this.hold.change(-1)
    return all
  }

  /** Ends everything: open streams fail, workers end by themselves or, after a while, by force. */
  close(): Promise<void> {
    this.closed ??= this.shutDown()
    return this.closed
  }

  private stallWatch({ stallMs = STALL_MS_DEFAULT, onStall, clock = systemClock }: StallOptions, members: () => Members): StallWatch {
    return new StallWatch({ stallMs, clock, onStall, look: () => askAll(members(), this.questions, clock) })
  }

  private membersOf({ id, session, workers }: QueryMesh): Members {
    const living = workers.map((worker, index) => [participantId(index + 1), this.all.get(worker)] as const)
    return { mesh: id, session, workers: living.filter((each): each is [ParticipantId, PoolWorker] => each[1] !== undefined) }
  }

  private start(): void {
    const id = participantId(this.nextWorkerId++)
    const born = this.medium.born(id)
    this.all.set(id, born.worker)
    this.session.addPeer(id, born.end)
    born.begin()
    void this.limitStart(born.worker)
  }

  /** Gives up a worker that does not serve in time, after one more look. */
  private async limitStart(worker: PoolWorker): Promise<void> {
    const { startTimeoutMs = START_TIMEOUT_MS } = this.options
    if (await within(Promise.race([worker.started.happened, worker.exited.happened]), startTimeoutMs, this.clock)) return
    // What it said may lie unread: a thread that was blocked runs its timers first.
    await macrotask()
    if (worker.state !== 'starting' || worker.cause !== undefined) return
    worker.cause = new MillraceError(
      'StartTimeout',
      `worker ${worker.id} did not serve within ${startTimeoutMs} ms: the import of its module has not ended, or its factory did not pass the options on; raise startTimeoutMs if it only takes long`,
    )
    await worker.host.terminate()
  }

  /** For its workers. */
  replied(worker: PoolWorker, reply: SetupReply): void {
    switch (reply.kind) {
      case 'ready':
        worker.state = 'ready'
        worker.started.set()
        worker.hello = reply.hello
        this.startFailures = 0
        this.broken = undefined
        for (const waiter of this.takeWaiters()) waiter.resolve(worker)
        return
      case 'refused':
        worker.cause = decodeError(reply.error)
        worker.started.set()
        void worker.host.terminate()
        return
      case 'stranger':
        this.options.refused?.(reply.why, worker.id)
        return
      case 'opened':
        this.medium.opened(worker.id, reply.epoch)
        return
      case 'want':
        this.linkWorkers(worker, reply.peer)
        return
      case 'log':
        worker.host.post({ kind: 'logged', records: 1 })
        this.options.logged?.(reply.record, reply.dropped)
        return
      case 'who':
        worker.host.post({ kind: 'others', ids: this.ready.filter((other) => other !== worker).map(({ id }) => id) })
        return
      case 'done':
        worker.done.set()
        return
      case 'unresponsive':
        this.options.unresponsive?.(worker.id, reply.what)
        return
      case 'answer':
        this.questions.answered(reply.question, reply.answer)
        return
      default:
        reply satisfies never
    }
  }

  /** Starts one worker more. */
  grow(): void {
    if (this.closed === undefined) this.start()
  }

  /** Ends a worker that has nothing to do, also for others, and is still idle when that is known. It is not replaced. */
  async retire(id: ParticipantId, isIdle: () => boolean): Promise<void> {
    const worker = this.all.get(id)
    if (worker?.state !== 'ready' || this.nextWorkerId > RETIRE_BEFORE) return
    const held = await this.questions.ask(worker, { about: 'census' })
    if (held === undefined || Object.keys(held).length > 0 || this.closed !== undefined) return
    if (this.all.get(id)?.state !== 'ready' || !isIdle()) return
    worker.state = 'leaving'
    worker.isRetired = true
    this.session.endWith(id)
    await leave(worker, this.options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS, this.clock)
  }

  /** Ends a worker by force, for this cause: it is replaced. False: it does not serve. */
  dismiss(id: ParticipantId, cause: unknown): boolean {
    const worker = this.all.get(id)
    if (worker?.state !== 'ready') return false
    worker.state = 'leaving'
    worker.cause = cause
    void worker.host.terminate()
    return true
  }

  /** For its workers. */
  exited(worker: PoolWorker, code: number | string, cause: unknown): void {
    if (worker.state === 'gone') return
    const neverServed = worker.state === 'starting'
    worker.state = 'gone'
    worker.cause ??= cause ?? (neverServed && code === 0 ? endedUnserved(worker) : undefined)
    for (const other of this.all.values()) if (other.state !== 'gone') this.member.wake(other.id)
    const error = new PeerLostError(`worker ${worker.id} ${exitOf(code)}`, worker.cause === undefined ? {} : { cause: worker.cause })
    this.session.losePeer(worker.id, error)
    for (const mesh of this.meshes.values()) mesh.lose(worker.id, error)
    this.member.part(worker.id)
    this.medium.parted(worker.id)
    this.all.delete(worker.id)
    worker.exited.set()
    if (this.closed === undefined && !worker.isRetired) this.replace(neverServed, worker.cause ?? error)
  }

  private replace(neverServed: boolean, cause: unknown): void {
    if (neverServed && ++this.startFailures >= Math.min(START_FAILURES_MAX, this.options.workers)) {
      // One that is still starting may serve whoever waits.
      if ([...this.all.values()].some((worker) => worker.state === 'starting')) return
      this.broken = { error: cause }
      for (const waiter of this.takeWaiters()) waiter.reject(cause)
      return
    }
    // What died had served: whoever waits has reason to hope again.
    this.broken = undefined
    this.replacements++
    this.start()
  }

  /** The next worker that becomes ready. Rejects where there will be none. */
  nextReady(): Promise<PoolWorker> {
    if (this.broken !== undefined) return Promise.reject(this.broken.error)
    if (this.closed !== undefined) return Promise.reject(new SessionEndedError('the pool is closed'))
    this.hold.change(1)
    return new Promise<PoolWorker>((resolve, reject) => this.waiters.push({ resolve, reject })).finally(() => this.hold.change(-1))
  }

  private takeWaiters(): Waiter[] {
    const waiters = this.waiters
    this.waiters = []
    return waiters
  }

  private linkWorkers(worker: PoolWorker, peer: ParticipantId): void {
    const other = this.all.get(peer)
    if (other !== undefined && this.closed === undefined) this.introductions.link(worker, other)
    else worker.host.post({ kind: 'unreachable', peer, why: this.closed === undefined ? 'lost' : 'closed' })
  }

  private async shutDown(): Promise<void> {
    this.hold.change(1)
    const error = new SessionEndedError('the pool is closed')
    for (const waiter of this.takeWaiters()) waiter.reject(error)
    const { closeTimeoutMs: timeoutMs = CLOSE_TIMEOUT_MS } = this.options
    const queriesEnded = Promise.all([...this.meshes.values()].map((mesh) => mesh.session.end(error)))
    const inTime = await within(queriesEnded, timeoutMs, this.clock)
    const ended = this.session.end(error)
    await Promise.all([...this.all.values()].map((worker) => leave(worker, inTime ? timeoutMs : LEAVE_TIMEOUT_MS, this.clock)))
    await Promise.all([queriesEnded, ended])
    await this.medium.close()
    this.hold.change(-1)
    this.hold.close()
  }
}
