/** A small deterministic source of u32 (xorshift), so that both sides of a test can make the same sequence. */
export function randomWords(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
