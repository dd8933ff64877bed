import { workerData } from 'node:worker_threads'
import type { PhysicalStreamId } from '../src/base/ids.js'
import { FrameWriter } from '../src/frame/frame-writer.js'
import { FRAME } from '../src/frame/kinds.js'
import { SharedWords } from '../src/memory/shared-words.js'
import { SleepWord } from '../src/memory/sleep-word.js'
import type { RingRegion } from '../src/ring/layout.js'
import { RingWriter } from '../src/ring/ring-writer.js'
import { noBell, spinThenBlock, WORDS } from './ring-waiting.js'

const { region, shared, messageBytes } = workerData as { region: RingRegion; shared: SharedArrayBuffer; messageBytes: number }
const words = new SharedWords(shared)
const own = new SleepWord(words, WORDS.writer)
const peer = new SleepWord(words, WORDS.reader)
const outlet = new FrameWriter(new RingWriter(region))
const message = new Uint8Array(messageBytes).fill(1)

function publish(): void {
  if (outlet.publish()) peer.wake(noBell)
}

function tryWrite(): boolean {
  if (outlet.tryWrite(FRAME.DATA, 1 as PhysicalStreamId, message, 0, messageBytes, -1)) return true
  publish()
  return false
}

/** The order holds how many messages are to be sent: 0 none yet, -1 no more ever. */
for (;;) {
  words.wait(WORDS.order, 0)
  const count = words.exchange(WORDS.order, 0)
  if (count < 0) break
  for (let sent = 1; sent <= count; sent++) {
    spinThenBlock(own, tryWrite, () => outlet.wantRoom())
    if (sent % 2 === 0) publish()
  }
  publish()
}
