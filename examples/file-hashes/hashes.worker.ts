/** Hashes files, whose paths it is given as a stream. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { serve } from 'millrace'

export interface Hash {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export default serve({
  async *hashes(paths: AsyncIterable<string>, { signal }): AsyncGenerator<Hash> {
    for await (const path of paths) {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of createReadStream(path, { signal })) {
        bytes += (chunk as Buffer).length
        hash.update(chunk as Buffer)
      }
      yield { path, bytes, sha256: hash.digest('hex') }
    }
  },
})
