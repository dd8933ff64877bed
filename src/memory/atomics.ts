/**
 * The atomic operations that rings and waiting use, handed in as an object so that a test can step through every interleaving.
 * `Atomics` itself is one; on memory that is not shared its `wait` throws, which only a blocking participant would call.
 */
export interface AtomicOps {
  load(words: Int32Array, index: number): number
  store(words: Int32Array, index: number, value: number): number
  exchange(words: Int32Array, index: number, value: number): number
  notify(words: Int32Array, index: number, count?: number): number
  wait(words: Int32Array, index: number, value: number, timeoutMs?: number): 'ok' | 'not-equal' | 'timed-out'
}

export const nativeAtomics: AtomicOps = Atomics
