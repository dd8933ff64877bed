import type * as V8 from 'node:v8'

let v8: typeof V8 | undefined

/** Of Node.js, loaded with the first value that it is asked for: a worker that never meets one starts a millisecond sooner without it. */
function loaded(): typeof V8 {
  v8 ??= process.getBuiltinModule('node:v8')
  return v8
}

/** The structured clone of a value, in memory that may be shared with others. Throws what V8 throws where there is none. */
export function serialize(value: unknown): Buffer {
  return loaded().serialize(value)
}

/** Throws what V8 throws where the bytes are no clone. */
export function deserialize(bytes: Uint8Array): unknown {
  return loaded().deserialize(bytes)
}
