import { ControlReader } from '../../src/frame/control-reader.js'
import { ControlWriter } from '../../src/frame/control-writer.js'
import { MemoryControls } from '../../src/frame/memory-controls.js'
import { testRing } from '../support/rings.js'
import { controlsContract } from './controls.contract.js'

for (const [where, position] of [
  ['', 0],
  [' that wraps past 2^32', 2 ** 32 - 64],
] as const) {
  controlsContract(`a control ring${where}`, (capacity) => {
    const { writer, reader } = testRing(capacity, position)
    return { outlet: new ControlWriter(writer), inlet: new ControlReader(reader) }
  })
}

controlsContract('controls in memory', (capacity) => {
  const controls = new MemoryControls(capacity)
  return { outlet: controls, inlet: controls }
})
