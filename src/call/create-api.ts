import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { CallOptions, StreamCallOptions } from './api.js'
import { type Carrier, type Inject, withCarrier } from './carrier.js'
import type { Client } from './client.js'
import type { Codecs } from './codec.js'
import type { Procedure } from './hello.js'
import { checkedHighWaterMark } from './high-water-mark.js'
import { encodeInput, type Input } from './input.js'
import { dropInput } from './input-source.js'
import { LentValues } from './lent-values.js'
import { RemoteStream } from './remote-stream.js'
import { retried, retriesOf } from './retry.js'
import { traceStream, traceValue } from './tracing.js'

export interface ApiOptions {
  /** The worker that is called. */
  readonly on?: ParticipantId | undefined
  readonly inject?: Inject | undefined
  readonly codecs?: Codecs | undefined
}

/** A function for each procedure, at the least busy worker or at one. A plain object without a prototype, so that no name is taken. */
export function createApi(client: Client, procedures: readonly Procedure[], options: ApiOptions = {}): object {
  const api: Record<string, unknown> = Object.create(null)
  procedures.forEach((procedure, index) => {
    api[procedure.name] = (procedure.isStream ? streamFunction : valueFunction)(client, index, procedure, options)
  })
  return Object.freeze(api)
}

function streamFunction(client: Client, index: number, procedure: Procedure, { on, inject, codecs }: ApiOptions) {
  const codec = procedure.isCoded ? codecs?.[procedure.name] : undefined
  return (input: unknown, { signal, highWaterMark, retry, reuse }: StreamCallOptions = {}): RemoteStream<unknown> => {
    const retries = retriesOf(procedure, input, retry)
    const mark = checkedHighWaterMark(highWaterMark)
    const carrier = inject?.()
    const lent = reuse === true ? new LentValues() : undefined
    const open = async () => {
      traceStream(procedure.name, on, () => remote.result)
      return client.openStream(index, encoded(input, carrier), { ...mark, on, allocate: lent?.allocate })
    }
    const remote = new RemoteStream(open, signal, { dropped: () => dropInput(input), retries, lent, codec })
    return remote
  }
}

function valueFunction(client: Client, index: number, procedure: Procedure, { on, inject }: ApiOptions) {
  return (input: unknown, { signal, retry }: CallOptions = {}): Promise<unknown> => {
    const call = () => traceValue(procedure.name, on, async () => client.value(index, encoded(input, inject?.()), { signal, on }))
    const result = retry === true ? (async () => retried(call, retriesOf(procedure, input, retry)))() : call()
    Object.defineProperty(result, Symbol.asyncIterator, { value: () => refuseIteration(result, procedure.name) })
    return result
  }
}

function encoded(value: unknown, carrier: Carrier | undefined): Input {
  const input = encodeInput(value)
  return carrier === undefined ? input : { ...input, message: withCarrier(input.message, carrier) }
}

/** `for await` over the promise of a value call. */
function refuseIteration(result: Promise<unknown>, name: string): never {
  // Nobody will look at the promise any more.
  result.catch(() => {})
  throw new MillraceError(
    'NotMarkedStream',
    `'${name}' is a value call: await it; to make it a stream, mark its handler with stream(${name})`,
  )
}
