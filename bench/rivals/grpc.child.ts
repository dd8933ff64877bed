import { once } from 'node:events'
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js'
import type { Load } from './bytes.js'
import { SERVICE } from './grpc-service.js'

async function messages(call: ServerWritableStream<Load, Buffer>): Promise<void> {
  const { count, bytes } = call.request
  const message = Buffer.alloc(bytes, 1)
  for (let sent = 0; sent < count; sent++) if (!call.write(message)) await once(call, 'drain')
  call.end()
}

const server = new Server()
server.addService(SERVICE, { messages: (call: ServerWritableStream<Load, Buffer>) => void messages(call) })
server.bindAsync(process.argv[2] as string, ServerCredentials.createInsecure(), () => process.send?.('ready'))
process.on('disconnect', () => process.exit())
