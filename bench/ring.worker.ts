import { workerData } from 'node:worker_threads'
import type { PhysicalStreamId } from '../src/base/ids.js'
import { FrameWriter } from '../src/frame/frame-writer.js'
import { FRAME } from '../src/frame/kinds.js'
import { SharedWords } from '../src/memory/shared-words.js'
import type { RingRegion } from '../src/ring/layout.js'
import { RingWriter } from '../src/ring/ring-writer.js'

const { region, order, messageBytes } = workerData as { region: RingRegion; order: SharedArrayBuffer; messageBytes: number }
const words = new SharedWords(order)
const outlet = new FrameWriter(new RingWriter(region))
const message = new Uint8Array(messageBytes).fill(1)

function writeOne(): void {
  while (!outlet.tryWrite(FRAME.DATA, 1 as PhysicalStreamId, message, 0, messageBytes, -1)) outlet.publish()
}

/** The one word holds how many messages are to be sent: 0 none yet, -1 no more ever. */
for (;;) {
  words.wait(0, 0)
  const count = words.exchange(0, 0)
  if (count < 0) break
  for (let sent = 0; sent < count; sent++) writeOne()
  outlet.publish()
}
