import { assert } from '../base/assert.js'
import { MillraceError, ProtocolError } from '../base/errors.js'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import { type CallPayload, NO_INPUT_STREAM } from '../frame/call-payload.js'
import type { Inbound } from '../stream/inbound.js'
import type { Session } from '../stream/session.js'
import type { SourceTask, StreamSource } from '../stream/source-task.js'
import type { Peers } from './api.js'
import { type Carrier, type Extract, takeCarrier } from './carrier.js'
import type { AnyCodec } from './codec.js'
import type { CallContext, Handler, Handlers } from './handlers.js'
import { codecsOf, isStreamHandler } from './handlers.js'
import { decodeInput } from './input.js'
import { RemoteStream } from './remote-stream.js'
import { StreamPump } from './stream-pump.js'
import { traceHandler } from './tracing.js'
import { readOne } from './value-reader.js'
import { encodeValue } from './value-writer.js'

interface Served {
  readonly name: string
  readonly handler: Handler
  readonly isStream: boolean
  readonly codec: AnyCodec | undefined
}

export interface CallServerOptions {
  /** Told of a handler that goes on after its call was cancelled: returns what to call when it is over. */
  readonly cancelled?: (handler: string) => () => void
  readonly peers?: Peers
  /** What `setup` returned. */
  readonly state?: unknown
  /** Takes the records of handlers, encoded. */
  readonly log?: (record: Uint8Array) => void
  /** Runs a handler in what went along with its call. */
  readonly extract?: Extract | undefined
}

interface CallInput {
  readonly carrier: Carrier | undefined
  readonly input: unknown
}

const NOTHING: CallInput = { carrier: undefined, input: undefined }

/** Answers the CALLs that reach one participant. */
export class CallServer {
  private readonly table: readonly Served[]
  private running = new Set<Promise<void>>()

  constructor(
    private readonly session: Session,
    handlers: Handlers,
    private readonly options: CallServerOptions = {},
  ) {
    const codecs = codecsOf(handlers)
    this.table = Object.entries(handlers).map(([name, handler]) => ({
      name,
      handler,
      isStream: isStreamHandler(handler),
      codec: codecs[name],
    }))
  }

  /** A CALL arrived: its result is a source that runs at once. */
  called(peer: ParticipantId, id: PhysicalStreamId, call: CallPayload): void {
    const served = this.table[call.procedure]
    if (served === undefined) throw new ProtocolError(`a CALL of procedure ${call.procedure} of ${this.table.length}`)
    let over: (() => void) | undefined
    const source: StreamSource = {
      id,
      receivers: [peer],
      delivery: 'calls',
      run: (task) => this.track(this.traced(served, call, task).finally(() => over?.())),
      left: () => {
        over ??= this.options.cancelled?.(served.name)
      },
      dispose: () => this.dropInput(peer, call),
      describe: () => ({ name: `handler '${served.name}'` }),
    }
    this.session.registry.registerCall(source, call.generation, call.limit)
  }

  /** Resolves when no handler runs any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running)
  }

  private track(run: Promise<void>): Promise<void> {
    this.running.add(run)
    return run.finally(() => this.running.delete(run))
  }

  private traced(served: Served, call: CallPayload, task: SourceTask): Promise<void> {
    const { name, isStream } = served
    return traceHandler(name, isStream ? 'stream' : 'value', this.session.self, () => this.run(served, call, task))
  }

  private async run(served: Served, call: CallPayload, task: SourceTask): Promise<void> {
    const values = this.values(call, task)
    try {
      const { carrier, input } = await this.input(call, task, values)
      if (task.isCancelled) return
      await this.within(carrier, () => this.handle(served, input, call, task))
    } finally {
      values?.leave()
    }
  }

  private async within(carrier: Carrier | undefined, handle: () => Promise<void>): Promise<void> {
    const { extract } = this.options
    if (carrier === undefined || extract === undefined) return handle()
    let running: Promise<void> | undefined
    await extract(carrier, () => {
      running ??= handle()
      return running
    })
    if (running === undefined) throw new MillraceError('InvalidArgument', 'serve: extract has to call `run`')
    await running
  }

  private async handle(served: Served, input: unknown, call: CallPayload, task: SourceTask): Promise<void> {
    const result = served.handler(input, new Context(task, this.session.self, served.name, this.options))
    if (served.isStream) await new StreamPump(task, call.valuesAhead, served.codec).run(result, `the handler '${served.name}'`)
    else task.sinks[0].write(encodeValue(checkedValue(await result, served.name)))
  }

  /** The stream that belongs to the input. */
  private values(call: CallPayload, task: SourceTask): InputValues | undefined {
    if (call.input === undefined || call.inputId === NO_INPUT_STREAM) return undefined
    return new InputValues(this.session.input(call.inputId, call.inputGeneration), task.signal)
  }

  private async input(call: CallPayload, task: SourceTask, values: InputValues | undefined): Promise<CallInput> {
    if (call.input !== undefined) {
      const { carrier, message } = takeCarrier(call.input)
      return { carrier, input: values === undefined ? readOne(message) : decodeInput(message, values.stream) }
    }
    const stream = this.session.input(call.inputId, call.inputGeneration)
    task.signal.addEventListener('abort', () => stream.cancel(), { once: true })
    try {
      const message = await stream.next()
      if (task.isCancelled) return NOTHING
      if (message === undefined) throw new ProtocolError('an input that ended without a value')
      const taken = takeCarrier(message)
      const input = readOne(taken.message)
      if ((await stream.next()) !== undefined) throw new ProtocolError('an input of more than one message')
      return { carrier: taken.carrier, input }
    } catch (error) {
      // What else may come is nobody's.
      stream.cancel()
      throw error
    }
  }

  /** The caller left before its call began: its input must not wait for ever to be asked for. */
  private dropInput(peer: ParticipantId, call: CallPayload): void {
    if (call.inputId !== NO_INPUT_STREAM && this.session.isPeerOpen(peer)) this.session.input(call.inputId, call.inputGeneration).cancel()
  }
}

/** The stream of an input, as its handler reads it: nothing is asked for before, and it is over when the handler is. */
class InputValues {
  readonly stream: RemoteStream<unknown>

  constructor(
    private readonly inbound: Inbound,
    signal: AbortSignal,
  ) {
    this.stream = new RemoteStream(async () => inbound, signal)
  }

  leave(): void {
    void this.stream.return()
    this.inbound.cancel()
  }
}

class Context implements CallContext {
  constructor(
    private readonly task: SourceTask,
    readonly worker: number,
    private readonly handler: string,
    private readonly options: CallServerOptions,
  ) {}

  get peers(): Peers {
    const { peers } = this.options
    assert(peers !== undefined, 'a handler without peers')
    return peers
  }

  get state(): unknown {
    return this.options.state
  }

  /** Without `this`, so that it can be taken out of the context; made where it is used. */
  get log(): CallContext['log'] {
    const { worker, handler } = this
    return (level, object) => this.options.log?.(encodeValue({ level, object, worker, handler }))
  }

  get signal(): AbortSignal {
    return this.task.signal
  }

  get cancelled(): boolean {
    this.task.poll()
    return this.task.isCancelled
  }
}

/** A value call must not hand back something to iterate: its caller would get an empty object. */
function checkedValue(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null
  if (isObject && (Symbol.asyncIterator in value || (Symbol.iterator in value && 'next' in value))) {
    throw new MillraceError(
      'NotMarkedStream',
      `the handler '${name}' returned an iterable: mark it with stream(${name}) to make it a stream`,
    )
  }
  return value
}
