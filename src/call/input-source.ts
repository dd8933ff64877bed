import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { StreamSource } from '../stream/source-task.js'
import { streamOf, type Values } from './input.js'
import { StreamPump } from './stream-pump.js'

const NAME = 'the stream of an input'

/** A caller's input that is too long for its CALL, as a stream of the caller's own. */
export function inputSource(id: PhysicalStreamId, receiver: ParticipantId, message: Uint8Array): StreamSource {
  return {
    id,
    receivers: [receiver],
    delivery: 'calls',
    run: async (task) => task.sinks[0].write(message),
    dispose: () => {},
  }
}

/** The stream that belongs to an input, which its handler reads or leaves. */
export function valuesSource(id: PhysicalStreamId, receiver: ParticipantId, values: Values): StreamSource {
  return {
    id,
    receivers: [receiver],
    delivery: 'calls',
    run: (task) => Promise.race([new StreamPump(task).run(values, NAME), aborted(task.signal)]),
    dispose: () => closeValues(values),
    describe: () => ({ name: NAME }),
  }
}

/** So that a producer that waits for ever is nobody's any more once its reader has left. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Nobody will read them: a generator is returned from, a file or stream is closed. */
export function closeValues(values: Values | undefined): void {
  if (values === undefined) return
  try {
    const iterator = Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]()
    void Promise.resolve(iterator.return?.()).catch(() => {})
  } catch {
    // What it throws has no receiver.
  }
}

/** The call of an input never begins. */
export function dropInput(input: unknown): void {
  closeValues(streamOf(input))
}
