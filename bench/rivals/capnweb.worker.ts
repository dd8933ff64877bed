import { type MessagePort, parentPort } from 'node:worker_threads'
import { newMessagePortRpcSession, RpcTarget } from 'capnweb'
import { itemsFrom } from './objects.js'

export class Items extends RpcTarget {
  items(from: number, to: number) {
    return itemsFrom(from, to)
  }
}

parentPort?.once('message', (port: MessagePort) => {
  newMessagePortRpcSession(port as never, new Items())
})
