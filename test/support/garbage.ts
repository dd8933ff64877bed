import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from './connections.js'

setFlagsFromString('--expose-gc')

const collectGarbage = runInNewContext('gc') as () => void

/** Bytes on the heap of this thread and in its buffers, once the garbage is gone. */
export function usedBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Collects garbage, here and `elsewhere`, until no more than `bytes` are in use. */
export async function assertUses(bytes: number, elsewhere: () => Promise<void> = async () => {}): Promise<void> {
  let used = 0
  await until(
    async () => {
      await elsewhere()
      used = usedBytes()
      return used <= bytes
    },
    () => `${used} bytes are in use where ${bytes} were allowed`,
  )
}
