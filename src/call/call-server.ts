import { MillraceError, ProtocolError } from '../base/errors.js'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { CallPayload } from '../frame/call-payload.js'
import type { Session } from '../stream/session.js'
import type { SourceTask, StreamSource } from '../stream/source-task.js'
import type { CallContext, Handler, Handlers } from './handlers.js'
import { isStreamHandler } from './handlers.js'
import { StreamPump } from './stream-pump.js'
import { readOne } from './value-reader.js'
import { encodeValue } from './value-writer.js'

interface Served {
  readonly name: string
  readonly handler: Handler
  readonly isStream: boolean
}

/** Answers the CALLs that reach one participant. */
export class CallServer {
  private readonly table: readonly Served[]
  private running = new Set<Promise<void>>()

  constructor(
    private readonly session: Session,
    handlers: Handlers,
  ) {
    this.table = Object.entries(handlers).map(([name, handler]) => ({ name, handler, isStream: isStreamHandler(handler) }))
  }

  /** A CALL arrived: its result is a source that runs at once. */
  called(peer: ParticipantId, id: PhysicalStreamId, call: CallPayload): void {
    const served = this.table[call.procedure]
    if (served === undefined) throw new ProtocolError(`a CALL of procedure ${call.procedure} of ${this.table.length}`)
    const source: StreamSource = {
      id,
      receivers: [peer],
      delivery: 'calls',
      run: (task) => this.track(this.run(served, call, task)),
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

  private async run(served: Served, call: CallPayload, task: SourceTask): Promise<void> {
    const input = await this.input(call, task)
    if (task.isCancelled) return
    const result = served.handler(input, new Context(task, this.session.self))
    if (served.isStream) await pump(task, result, served.name)
    else task.sinks[0].write(encodeValue(checkedValue(await result, served.name)))
  }

  private async input(call: CallPayload, task: SourceTask): Promise<unknown> {
    if (call.input !== undefined) return readOne(call.input)
    const stream = this.session.input(call.inputId, call.inputGeneration)
    task.signal.addEventListener('abort', () => stream.cancel(), { once: true })
    try {
      const message = await stream.next()
      if (task.isCancelled) return undefined
      if (message === undefined) throw new ProtocolError('an input that ended without a value')
      const input = readOne(message)
      if ((await stream.next()) !== undefined) throw new ProtocolError('an input of more than one message')
      return input
    } catch (error) {
      // What else may come is nobody's.
      stream.cancel()
      throw error
    }
  }

  /** The caller left before its call began: its input must not wait for ever to be asked for. */
  private dropInput(peer: ParticipantId, call: CallPayload): void {
    if (call.input === undefined && this.session.isPeerOpen(peer)) this.session.input(call.inputId, call.inputGeneration).cancel()
  }
}

class Context implements CallContext {
  constructor(
    private readonly task: SourceTask,
    readonly worker: number,
  ) {}

  get signal(): AbortSignal {
    return this.task.signal
  }

  get cancelled(): boolean {
    this.task.poll()
    return this.task.isCancelled
  }
}

function pump(task: SourceTask, result: unknown, name: string): Promise<void> {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = (result ?? {}) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >
  if (asynchronous !== undefined) return new StreamPump(task).run(asynchronous.call(result), true)
  if (synchronous !== undefined) return new StreamPump(task).run(synchronous.call(result), false)
  throw new MillraceError('NotIterable', `the handler '${name}' is a stream, but returned nothing that can be iterated`)
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
