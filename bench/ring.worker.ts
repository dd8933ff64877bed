import { workerData } from 'node:worker_threads'
import type { PhysicalStreamId } from '../src/base/ids.js'
import { FrameWriter } from '../src/frame/frame-writer.js'
import { FRAME } from '../src/frame/kinds.js'
import { copyBytes } from '../src/memory/copy.js'
import { SharedWords } from '../src/memory/shared-words.js'
import { SleepWord } from '../src/memory/sleep-word.js'
import type { RingRegion } from '../src/ring/layout.js'
import { RingWriter } from '../src/ring/ring-writer.js'
import { noBell, ORDERS, spinThenBlock, WORDS } from './ring-waiting.js'

interface Setup {
  readonly region: RingRegion
  readonly shared: SharedArrayBuffer
  readonly plain: Uint8Array
  readonly messageBytes: number
}

const { region, shared, plain, messageBytes } = workerData as Setup
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

function send(count: number): void {
  for (let sent = 1; sent <= count; sent++) {
    spinThenBlock(own, tryWrite, () => outlet.wantRoom())
    if (sent % 2 === 0) publish()
  }
  publish()
}

function fillPlain(): void {
  for (let offset = 0; offset < plain.length; offset += messageBytes) copyBytes(plain, offset, message)
  words.store(WORDS.filled, 1)
  words.notify(WORDS.filled)
}

for (;;) {
  words.wait(WORDS.order, ORDERS.none)
  const order = words.exchange(WORDS.order, ORDERS.none)
  if (order === ORDERS.end) break
  if (order === ORDERS.fill) fillPlain()
  else send(order)
}
