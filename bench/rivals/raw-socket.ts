/** A Unix socket by hand (https://nodejs.org/api/net.html#ipc-support): length and bytes, written in batches of 64 KiB. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Load, StartByteRival } from './bytes.js'

const HEADER_BYTES = 8

/** Takes messages out of what the socket gives: views where a message lies whole in it, copies where not. */
function reader(taken: (message: Uint8Array) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  let restBytes = 0
  let wantedBytes = HEADER_BYTES
  return (chunk) => {
    rest.push(chunk)
    restBytes += chunk.length
    if (restBytes < wantedBytes) return
    const all = rest.length === 1 ? chunk : Buffer.concat(rest)
    let at = 0
    for (;;) {
      const left = all.length - at
      wantedBytes = left < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + all.readUint32LE(at)
      if (left < wantedBytes) break
      taken(all.subarray(at + HEADER_BYTES, at + wantedBytes))
      at += wantedBytes
    }
    rest = at < all.length ? [all.subarray(at)] : []
    restBytes = all.length - at
  }
}

export const startRawSocket: StartByteRival = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const path = join(folder, 'raw.sock')
  const server = createServer().listen(path)
  const child = fork(fileURLToPath(new URL('./raw-socket.child.js', import.meta.url)), [path], { execArgv: [] })
  const [socket] = (await once(server, 'connection')) as [Socket]
  return {
    read: (load: Load) =>
      new Promise((resolve) => {
        let left = load.count
        let received = 0
        socket.removeAllListeners('data')
        socket.on(
          'data',
          reader((message) => {
            received += message.length
            if (--left === 0) resolve(received)
          }),
        )
        child.send(load)
      }),
    stop: async () => {
      socket.destroy()
      server.close()
      child.disconnect()
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}
