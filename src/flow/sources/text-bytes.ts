import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkName, compressionOf } from './compression.js'
import { fileBlocks } from './file-blocks.js'
import { inflateLater } from './inflated-pieces.js'

/** The text of a file, compressed or not, from its beginning on. @throws MillraceError `SourceRead` */
export async function* textBytes(cwd: string, path: string): AsyncGenerator<Buffer, void, undefined> {
  if (compressionOf(path) !== undefined) {
    for await (const { bytes } of inflateLater(cwd, path)) if (bytes.length > 0) yield bytes
    return
  }
  const handle = await open(resolve(cwd, path), 'r')
  try {
    let isFirst = true
    for await (const block of fileBlocks(handle)) {
      if (isFirst) checkName(path, block)
      isFirst = false
      yield block
    }
  } finally {
    await handle.close()
  }
}
