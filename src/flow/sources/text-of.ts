/** The text of UTF-8 as it is: a `TextDecoder` by its default drops a mark of byte order at its beginning, which in the midst of a file is a character. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
