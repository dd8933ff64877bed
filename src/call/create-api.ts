import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { CallOptions, StreamCallOptions } from './api.js'
import type { Client } from './client.js'
import type { Procedure } from './hello.js'
import { checkedHighWaterMark } from './high-water-mark.js'
import { encodeInput } from './input.js'
import { dropInput } from './input-source.js'
import { LentValues } from './lent-values.js'
import { RemoteStream } from './remote-stream.js'
import { retried, retriesOf } from './retry.js'
import { traceStream, traceValue } from './tracing.js'

/** A function for each procedure, at the least busy worker or at one. A plain object without a prototype, so that no name is taken. */
export function createApi(client: Client, procedures: readonly Procedure[], on?: ParticipantId): object {
  const api: Record<string, unknown> = Object.create(null)
  procedures.forEach((procedure, index) => {
    api[procedure.name] = (procedure.isStream ? streamFunction : valueFunction)(client, index, procedure, on)
  })
  return Object.freeze(api)
}

function streamFunction(client: Client, index: number, procedure: Procedure, on: ParticipantId | undefined) {
  return (input: unknown, { signal, highWaterMark, retry, reuse }: StreamCallOptions = {}): RemoteStream<unknown> => {
    const retries = retriesOf(procedure, input, retry)
    const mark = checkedHighWaterMark(highWaterMark)
    const lent = reuse === true ? new LentValues() : undefined
    const open = async () => {
      traceStream(procedure.name, on, () => remote.result)
      return client.openStream(index, encodeInput(input), { ...mark, on, allocate: lent?.allocate })
    }
    const remote = new RemoteStream(open, signal, () => dropInput(input), retries, lent)
    return remote
  }
}

function valueFunction(client: Client, index: number, procedure: Procedure, on: ParticipantId | undefined) {
  return (input: unknown, { signal, retry }: CallOptions = {}): Promise<unknown> => {
    const call = () => traceValue(procedure.name, on, async () => client.value(index, encodeInput(input), { signal, on }))
    const result = retry === true ? (async () => retried(call, retriesOf(procedure, input, retry)))() : call()
    Object.defineProperty(result, Symbol.asyncIterator, { value: () => refuseIteration(result, procedure.name) })
    return result
  }
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
