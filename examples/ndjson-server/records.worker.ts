/** Reads and parses a file of JSON lines: what would keep a server from answering, done in a worker. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { serve } from 'millrace'

export interface Query {
  readonly file: string
  /** Records whose `user` this is; all by default. */
  readonly user?: string | undefined
}

export interface LogRecord {
  readonly user: string
  readonly ms: number
  readonly path: string
}

/** What this worker has done. */
const done = { parsed: 0, open: 0 }

export default serve({
  async *records({ file, user }: Query): AsyncGenerator<LogRecord> {
    const input = createReadStream(file)
    done.open++
    try {
      for await (const line of createInterface({ input })) {
        done.parsed++
        const record = JSON.parse(line) as LogRecord
        if (user === undefined || record.user === user) yield record
      }
    } finally {
      // Also where the client has left.
      input.destroy()
      done.open--
    }
  },
  done: () => ({ ...done }),
})
