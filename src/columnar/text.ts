import { Buffer } from 'node:buffer'

/** Up to here writing char by char beats one native call (measured: 11 against 42 ns at 8 chars, 46 against 42 at 32). */
const LOOP_CHARS_MAX = 28

/** From here on counting a string's bytes is worth it; below, three per char are set aside. */
const COUNTED_CHARS_MIN = 0x1_0000

/** Room that `writeText` needs for a string. */
export function textBytesMax(text: string): number {
  return text.length < COUNTED_CHARS_MIN ? 3 * text.length : Buffer.byteLength(text)
}

/**
 * Writes a string as UTF-8, a lone surrogate as three bytes (WTF-8), so that every string comes back as it was.
 * There must be room for `textBytesMax` bytes. Returns the position after it.
 */
export function writeText(target: Buffer, start: number, text: string): number {
  const chars = text.length
  if (chars > LOOP_CHARS_MAX) return writeLong(target, start, text)
  let position = start
  for (let i = 0; i < chars; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return writeUnicode(target, position, text, i)
    target[position++] = code
  }
  return position
}

function writeLong(target: Buffer, start: number, text: string): number {
  const written = target.write(text, start, 'utf8')
  const isSound = written === text.length || (text as unknown as { isWellFormed(): boolean }).isWellFormed()
  return isSound ? start + written : writeUnicode(target, start, text, 0)
}

function writeUnicode(target: Buffer, start: number, text: string, from: number): number {
  let position = start
  for (let i = from; i < text.length; i++) {
    // A surrogate without its partner comes back from codePointAt as itself.
    const code = text.codePointAt(i) as number
    if (code < 0x80) target[position++] = code
    else if (code < 0x800) {
      target[position++] = 0xc0 | (code >> 6)
      target[position++] = 0x80 | (code & 0x3f)
    } else if (code < 0x1_0000) {
      target[position++] = 0xe0 | (code >> 12)
      target[position++] = 0x80 | ((code >> 6) & 0x3f)
      target[position++] = 0x80 | (code & 0x3f)
    } else {
      target[position++] = 0xf0 | (code >> 18)
      target[position++] = 0x80 | ((code >> 12) & 0x3f)
      target[position++] = 0x80 | ((code >> 6) & 0x3f)
      target[position++] = 0x80 | (code & 0x3f)
      i++
    }
  }
  return position
}

/** One string as bytes of its own. */
export function encodeText(text: string): Uint8Array {
  const target = Buffer.allocUnsafeSlow(textBytesMax(text))
  return target.subarray(0, writeText(target, 0, text))
}

/** Reads what `writeText` wrote, however the surrogates stand. Returns undefined for bytes that are no text. */
export function readText(bytes: Uint8Array): string | undefined {
  let text = ''
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i] as number
    const size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    if (size === 0 || i + size > bytes.length) return undefined
    let code = size === 1 ? lead : lead & (0xff >> (size + 1))
    for (let j = 1; j < size; j++) {
      const byte = bytes[i + j] as number
      if ((byte & 0xc0) !== 0x80) return undefined
      code = (code << 6) | (byte & 0x3f)
    }
    if (code < (LEAST[size] as number) || code > 0x10_ffff) return undefined
    text += String.fromCodePoint(code)
    i += size
  }
  return text
}

/** The least code point that needs so many bytes: a smaller one in them is overlong. */
const LEAST = [0, 0, 0x80, 0x800, 0x1_0000]
