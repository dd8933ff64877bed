/** The channel of a child process, with `advanced` serialization (https://nodejs.org/api/child_process.html#advanced-serialization). */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StartByteRival } from './bytes.js'

export const startIpc: StartByteRival = async () => {
  const child = fork(fileURLToPath(new URL('./ipc.child.js', import.meta.url)), [], { serialization: 'advanced', execArgv: [] })
  return {
    read: (load) =>
      new Promise((resolve) => {
        let left = load.count
        let received = 0
        const take = (message: unknown) => {
          received += (message as Uint8Array).length
          if (--left > 0) return
          child.off('message', take)
          resolve(received)
        }
        child.on('message', take)
        child.send(load)
      }),
    stop: () => {
      child.disconnect()
      return once(child, 'exit')
    },
  }
}
