import { once } from 'node:events'
import { connect } from 'node:net'
import type { Load } from './bytes.js'

const BATCH_BYTES = 0x1_0000
const HEADER_BYTES = 8

const socket = connect(process.argv[2] as string)
// Two batches on their way: measured, one is slower, more are no faster.
const PENDING_BYTES_MAX = 2 * BATCH_BYTES

async function send({ count, bytes }: Load): Promise<void> {
  const message = new Uint8Array(bytes).fill(1)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUint32LE(bytes)
  let left = count
  while (left > 0) {
    const fitting = Math.max(1, Math.floor(BATCH_BYTES / (HEADER_BYTES + bytes)))
    const messages = Math.min(left, fitting)
    const batch = Buffer.allocUnsafeSlow(messages * (HEADER_BYTES + bytes))
    for (let n = 0, at = 0; n < messages; n++, at += HEADER_BYTES + bytes) {
      batch.set(header, at)
      batch.set(message, at + HEADER_BYTES)
    }
    left -= messages
    socket.write(batch)
    if (socket.writableLength > PENDING_BYTES_MAX) await once(socket, 'drain')
  }
}

process.on('message', (load: Load) => void send(load))
process.on('disconnect', () => socket.destroy())
