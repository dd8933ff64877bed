/**
 * Server streaming of @grpc/grpc-js (https://grpc.io/docs/languages/node/basics/#server-side-streaming-rpc) over a Unix socket, with messages
 * that are bytes as they are, without protocol buffers around them.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import type { Load, StartByteRival } from './bytes.js'
import { SERVICE } from './grpc-service.js'

type MessagesOf = (load: Load) => NodeJS.ReadableStream & AsyncIterable<Buffer>

export const startGrpc: StartByteRival = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const address = `unix:${join(folder, 'grpc.sock')}`
  const child = fork(fileURLToPath(new URL('./grpc.child.js', import.meta.url)), [address], { execArgv: [] })
  await once(child, 'message')
  const Client = makeGenericClientConstructor(SERVICE, 'Bytes')
  const client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 })
  const messages = (client.messages as MessagesOf).bind(client)
  return {
    read: async (load) => {
      let received = 0
      for await (const message of messages(load)) received += message.length
      return received
    },
    stop: async () => {
      client.close()
      child.disconnect()
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
