import { onAbort } from '../base/abort-listener.js'
import { CancelledError, MillraceError, PeerLostError, ProtocolError, SessionEndedError, TooManyCallsError } from '../base/errors.js'
import { logicalId, type ParticipantId, type PhysicalStreamId, physicalId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { NO_INPUT_STREAM } from '../frame/call-payload.js'
import type { Inbound } from '../stream/inbound.js'
import type { Session } from '../stream/session.js'
import { type CallId, CallIds } from './call-ids.js'
import type { Input } from './input.js'
import { closeValues, inputSource, valuesSource } from './input-source.js'
import { locate } from './locate.js'
import { readOne } from './value-reader.js'

/** Bit 15 of a logical id in a mesh of calls: an input, picked by its sender. */
const INPUT_BIT = 0x8000

/** How far a stream may be ahead of its consumer. */
export interface StreamOptions {
  /** Values; 0: bytes alone count. */
  readonly valuesAhead?: number
  /** Bytes; a frame is always within. */
  readonly windowBytes?: number | undefined
  /** Memory for its messages, where it is not their own. */
  readonly allocate?: ((sizeBytes: number) => Uint8Array) | undefined
  /** At this worker; by default at the one that is least busy. */
  readonly on?: ParticipantId | undefined
  /** It does not hold the process. */
  readonly background?: boolean
}

/** For a call of one value. */
export interface ValueOptions extends Pick<StreamOptions, 'on'> {
  readonly signal?: AbortSignal | undefined
}

interface Callee {
  readonly results: CallIds
  readonly inputs: CallIds
  open: number
  /** Ever made. */
  calls: number
  /** Of those, how many ended with an error that was not their caller's wish. */
  failed: number
}

/** Whom a client can call. */
export interface Callees {
  readonly session: Session
  readonly isClosed: boolean
  /** Those that serve now. */
  readonly ready: readonly { readonly id: ParticipantId }[]
  /** Resolves when somebody serves. */
  anyReady(): Promise<unknown>
  /** Resolves when this one can be called. Rejects where it cannot. */
  reach(id: ParticipantId): Promise<void>
  /** Told of what is waited for here. */
  readonly hold: { change(by: 1 | -1): void }
  /** Starts a worker more where all are busy and it may. Resolves when one more serves, or cannot; undefined: there is no use in waiting. */
  readonly more?: (() => Promise<unknown> | undefined) | undefined
  /** Whether those who call are called themselves: they must not wait for room, which may be theirs to make. */
  readonly isNested?: boolean
}

/** Picks a worker and an id, and sends the CALL. */
export class Client {
  private readonly known = new Map<ParticipantId, Callee>()
  private readonly waiting = new Set<() => void>()

  constructor(
    private readonly callees: Callees,
    /** Told of a call that goes on after it was cancelled: returns what to call when it is over. */
    private readonly cancelled: (worker: ParticipantId, procedure: number) => () => void = () => nothing,
  ) {}

  /** Calls open now, to all workers. */
  get openCalls(): number {
    let open = 0
    for (const callee of this.known.values()) open += callee.open
    return open
  }

  /** Calls for one value that wait for room. */
  get waitingCalls(): number {
    return this.waiting.size
  }

  /** Calls open at a worker now, ever made, and failed. */
  countsOf(worker: ParticipantId): Pick<Callee, 'open' | 'calls' | 'failed'> {
    const { open = 0, calls = 0, failed = 0 } = this.known.get(worker) ?? {}
    return { open, calls, failed }
  }

  /** Opens a stream. Rejects with `TooManyCalls` where all workers, or the one, have as many calls as they may. */
  openStream(procedure: number, input: Input, options: StreamOptions = {}): Promise<Inbound> {
    return orClosed(input, async () => {
      await this.someone(options.on)
      for (let more = this.more(options.on); more !== undefined; more = this.more(options.on)) await more
      const worker = this.leastBusy(options.on)
      if (worker === undefined) throw tooMany()
      return this.call(worker, procedure, input, options)
    })
  }

  /** Calls for one value. Waits where all workers, or the one, have as many calls as they may. */
  async value(procedure: number, input: Input, { signal, on }: ValueOptions = {}): Promise<unknown> {
    const inbound = await orClosed(input, async () => {
      while (signal?.aborted !== true) {
        const more = this.more(on, signal)
        if (more !== undefined) {
          await more
          continue
        }
        const worker = this.leastBusy(on)
        // Between the choice and the call nothing is awaited: calls made together go to different workers.
        if (worker !== undefined) return this.call(worker, procedure, input)
        if (this.isSomeoneReady(on)) {
          if (this.callees.isNested === true) throw tooMany()
          await this.vacancy(signal)
        } else await orAborted(this.someone(on), signal)
      }
      throw cancelledBy(signal)
    })
    return this.readValue(inbound, signal)
  }

  /** Calls a procedure of one worker. */
  call(worker: ParticipantId, procedure: number, input: Input, options: StreamOptions = {}): Inbound {
    const { session } = this.callees
    if (this.callees.isClosed) throw new SessionEndedError('the pool is closed')
    if (!session.isPeerOpen(worker)) throw new PeerLostError(`worker ${worker} is gone`)
    const { message, values } = input
    const enclosed = message.length <= session.callInputBytesMax(worker)
    if (values !== undefined && !enclosed) throw tooLarge(message, session.callInputBytesMax(worker))
    const callee = this.callee(worker)
    const id = callee.results.acquire()
    const inputId = enclosed && values === undefined ? undefined : callee.inputs.acquire()
    callee.open++
    callee.calls++
    let over = nothing
    let inbound: Inbound | undefined
    inbound = session.call(
      physicalId(logicalId(id.logical), worker),
      {
        generation: id.generation,
        procedure,
        inputId: inputId === undefined ? NO_INPUT_STREAM : this.registerInput(worker, inputId, input),
        inputGeneration: inputId?.generation ?? 0,
        valuesAhead: options.valuesAhead,
        input: enclosed ? message : undefined,
      },
      {
        delivery: 'calls',
        background: options.background,
        windowBytes: options.windowBytes,
        allocate: options.allocate,
        cancelled: () => {
          over = this.cancelled(worker, procedure)
        },
        over: () => {
          over()
          if (inbound === undefined || inbound.state === 'failed') callee.failed++
          this.over(callee, id, inputId)
        },
      },
    )
    return inbound
  }

  /** What of the input does not go in the CALL, as a source that the worker asks for. */
  private registerInput(worker: ParticipantId, { logical, generation }: CallId, { message, values }: Input): PhysicalStreamId {
    const { session } = this.callees
    const id = physicalId(logicalId(INPUT_BIT | logical), session.self)
    const source = values === undefined ? inputSource(id, worker, message) : valuesSource(id, worker, values)
    session.registry.registerInput(source, generation)
    return id
  }

  /** The pool is closed: whoever waits for a worker is told. */
  close(): void {
    for (const wake of this.waiting) wake()
  }

  private over(callee: Callee, id: CallId, inputId: CallId | undefined): void {
    callee.open--
    callee.results.release(id)
    if (inputId !== undefined) callee.inputs.release(inputId)
    this.callNext()
  }

  private callNext(): void {
    const [wake] = this.waiting
    wake?.()
  }

  /** Where all workers are busy and the pool may still grow: resolves when one may be free. Else undefined. */
  private more(on: ParticipantId | undefined, signal?: AbortSignal | undefined): Promise<void> | undefined {
    const { ready, more } = this.callees
    if (more === undefined || on !== undefined || ready.some(({ id }) => this.callee(id).open === 0)) return undefined
    const one = more()
    return one && this.vacancy(signal, one)
  }

  /** Waits until some worker may have room for one call more, or for something else. It is waited for, so it holds the process. */
  private async vacancy(signal: AbortSignal | undefined, other?: Promise<unknown>): Promise<void> {
    let wake = () => {}
    const woken = new Promise<void>((resolve) => {
      wake = () => {
        this.waiting.delete(wake)
        resolve()
      }
    })
    this.waiting.add(wake)
    other?.then(wake, wake)
    this.callees.hold.change(1)
    await orAborted(woken, signal)
    this.callees.hold.change(-1)
    // Where both happened, the room is for the next.
    if (signal?.aborted === true && !this.waiting.delete(wake)) this.callNext()
    if (this.callees.isClosed) throw new SessionEndedError('the pool is closed')
  }

  private async readValue(inbound: Inbound, signal: AbortSignal | undefined): Promise<unknown> {
    let cancelled: CancelledError | undefined
    const abort = () => {
      cancelled = cancelledBy(signal)
      inbound.cancel()
    }
    const unlisten = signal && onAbort(signal, abort)
    if (signal?.aborted === true) abort()
    try {
      const message = await inbound.next()
      if (cancelled !== undefined) throw cancelled
      if (message === undefined) throw new ProtocolError('a call ended without a value')
      const value = readOne(message)
      if ((await inbound.next()) !== undefined) throw new ProtocolError('a call for one value brought a second message')
      return value
    } catch (error) {
      // What else may come is nobody's.
      inbound.cancel()
      throw locate(error, inbound.id)
    } finally {
      unlisten?.()
    }
  }

  private isSomeoneReady(on: ParticipantId | undefined): boolean {
    return this.callees.ready.some(({ id }) => on === undefined || on === id)
  }

  /** Waits until the worker, or any, can be called. */
  private async someone(on: ParticipantId | undefined): Promise<void> {
    if (this.callees.isClosed) throw new SessionEndedError('the pool is closed')
    if (this.isSomeoneReady(on)) return
    if (on === undefined) await this.callees.anyReady()
    else await this.callees.reach(on)
  }

  /** Of the workers that serve, or of the one, the one with the fewest calls open; undefined where all have as many as they may. */
  private leastBusy(on: ParticipantId | undefined): ParticipantId | undefined {
    let best: ParticipantId | undefined
    let least: number = LIMITS.callsOpenMax
    for (const { id } of this.callees.ready) {
      if (on !== undefined && on !== id) continue
      const { open } = this.callee(id)
      if (open < least) {
        best = id
        least = open
      }
    }
    return best
  }

  /** Those that are gone: a pool that grows and shrinks has ever new ones. */
  private forget(): void {
    for (const [id, { open }] of this.known) if (open === 0 && !this.callees.session.isPeerOpen(id)) this.known.delete(id)
  }

  private callee(worker: ParticipantId): Callee {
    let callee = this.known.get(worker)
    if (callee === undefined) {
      this.forget()
      callee = { results: new CallIds(), inputs: new CallIds(), open: 0, calls: 0, failed: 0 }
      this.known.set(worker, callee)
    }
    return callee
  }
}

function nothing(): void {}

/** Its stream is closed where the call never begins. */
async function orClosed<T>({ values }: Input, begin: () => Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    closeValues(values)
    throw error
  }
}

function tooMany(): TooManyCallsError {
  return new TooManyCallsError(`${LIMITS.callsOpenMax} calls are open to each worker: consume or cancel some`)
}

function tooLarge(message: Uint8Array, bytesMax: number): MillraceError {
  return new MillraceError(
    'MessageTooLarge',
    `what goes with the stream of an input takes ${message.length} bytes, at most ${bytesMax} can: send it as the first value of the stream`,
  )
}

function cancelledBy(signal: AbortSignal | undefined): CancelledError {
  return new CancelledError('cancelled', { cause: signal?.reason })
}

/** Resolves as `promise` does, or with undefined once the signal is aborted. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return promise
  let aborted = () => {}
  const abort = new Promise<undefined>((resolve) => {
    aborted = () => resolve(undefined)
  })
  const unlisten = onAbort(signal, () => aborted())
  try {
    return await Promise.race([promise, abort])
  } finally {
    unlisten()
  }
}
