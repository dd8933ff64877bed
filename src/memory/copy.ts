/** From here on the call into native code is paid for. */
const NATIVE_COPY_BYTES_MIN = 512

const nativeFill = Buffer.prototype.fill

/**
 * Copies all of `source` into `target` at `offset`; either may be shared memory, but not the same. Throws `RangeError` where it does not
 * fit. On shared memory `set` copies word by word, and byte by byte where the two sides are aligned differently (V8,
 * `Relaxed_Memmove`): 3 and 20 times slower than a plain copy at 64 KiB. `fill` with bytes of just that length is one plain copy.
 */
export function copyBytes(target: Uint8Array, offset: number, source: Uint8Array): void {
  if (source.length < NATIVE_COPY_BYTES_MIN) target.set(source, offset)
  else nativeFill.call(target, source, offset, offset + source.length)
}
