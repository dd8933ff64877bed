import { contentError } from './read-error.js'

/** How a file of text can be compressed. */
export type Compression = 'gzip' | 'zstd'

const ENDINGS: { readonly [ending: string]: Compression } = { gz: 'gzip', zst: 'zstd' }

/** What a name says: `.gz` or `.zst` at its end, in capitals too. */
export function compressionOf(path: string): Compression | undefined {
  return ENDINGS[/\.(gz|zst)$/i.exec(path)?.[1]?.toLowerCase() ?? '']
}

/** What the first bytes of a file say; no text begins with any of these. */
function beginsAs(bytes: Uint8Array): Compression | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  const [a, b, c, d] = bytes
  const isZstd = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd
  const isSkippable = a !== undefined && a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18
  return isZstd || isSkippable ? 'zstd' : undefined
}

/** A file whose name does not say what its first bytes do. @throws MillraceError `SourceRead` */
export function checkName(path: string, bytes: Uint8Array): void {
  const named = compressionOf(path)
  const found = beginsAs(bytes)
  if (named === found) return
  const ending = Object.keys(ENDINGS).find((each) => ENDINGS[each] === found)
  const what =
    found === undefined
      ? `by its name it is compressed by ${named}, but it is not: rename it`
      : `it is compressed by ${found}, which its name does not say: let it end in .${ending}`
  throw contentError('SourceRead', path, 0, `${path}: ${what}`)
}
