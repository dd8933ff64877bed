const MAGIC = 0x184d2204
const STORED = 0x8000_0000

/**
 * Unpacks one frame of LZ4, of which it is known how many bytes it holds. Its checksums are not looked at.
 *
 * @throws Error where it is none, or holds another number of bytes
 */
export function unpackLz4Frame(input: Uint8Array, bytes: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw new Error('no frame of LZ4')
  const flags = input[4]
  const hasBlockChecksums = (flags & 0x10) !== 0
  const output = new Uint8Array(bytes)
  let at = 7 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0)
  let filled = 0
  for (let size = view.getUint32(at, true); size !== 0; size = view.getUint32(at, true)) {
    at += 4
    const end = at + (size & ~STORED)
    if (end > input.length) throw new Error('a frame of LZ4 that is cut short')
    const block = input.subarray(at, end)
    if (size >= STORED) output.set(block, filled)
    filled = size >= STORED ? filled + block.length : unpackBlock(block, output, filled)
    at = end + (hasBlockChecksums ? 4 : 0)
  }
  if (filled !== bytes) throw new Error(`a frame of LZ4 of ${filled} bytes, ${bytes} were announced`)
  return output
}

/** Blocks may refer to what those before them hold: they are unpacked in place. Returns where it ends. */
function unpackBlock(input: Uint8Array, output: Uint8Array, start: number): number {
  let at = 0
  let filled = start
  const length = (short: number): number => {
    let total = short
    if (short === 15) {
      for (let more = 255; more === 255; ) {
        more = input[at++]
        total += more
      }
    }
    return total
  }
  while (at < input.length) {
    const token = input[at++]
    const literals = length(token >> 4)
    output.set(input.subarray(at, at + literals), filled)
    at += literals
    filled += literals
    if (at >= input.length) break
    const distance = input[at] | (input[at + 1] << 8)
    at += 2
    const matched = length(token & 15) + 4
    if (distance === 0 || distance > filled || filled + matched > output.length) throw new Error('a damaged block of LZ4')
    // What is copied may overlap what it is copied to.
    if (distance >= matched) output.copyWithin(filled, filled - distance, filled - distance + matched)
    else for (let i = 0; i < matched; i++) output[filled + i] = output[filled - distance + i]
    filled += matched
  }
  return filled
}
