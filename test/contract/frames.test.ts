import { FrameReader } from '../../src/frame/frame-reader.js'
import { FrameWriter } from '../../src/frame/frame-writer.js'
import { MemoryFrames } from '../../src/frame/memory-frames.js'
import { testRing } from '../support/rings.js'
import { framesContract } from './frames.contract.js'

for (const [where, position] of [
  ['', 0],
  [' that wraps past 2^32', 2 ** 32 - 1024],
] as const) {
  framesContract(`a ring${where}`, (capacity) => {
    const { writer, reader } = testRing(capacity, position)
    return { outlet: new FrameWriter(writer), inlet: new FrameReader(reader) }
  })
}

framesContract('memory', (capacity) => {
  const frames = new MemoryFrames(capacity)
  return { outlet: frames, inlet: frames }
})
