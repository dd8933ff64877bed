import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonEncoder } from '../../src/flow/sinks/json-encoder.js'
import type { SinkEvent } from '../../src/flow/sinks/part-writer.js'
import { SplitParts } from '../../src/flow/sinks/split-parts.js'
import { to } from '../../src/flow.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeDisk } from '../support/fake-disk.js'

const LINE = '{"n":1}\n'

function parts(options: { everyMs: number; rowsPerPart?: number }) {
  const events: SinkEvent[] = []
  const disk = new FakeDisk()
  const clock = new FakeClock()
  const { everyMs, ...limits } = options
  const { sink } = to.jsonl('out/', { resume: { everyMs }, ...limits })
  const host = { cwd: '/here', mark: 'm', partsBefore: 4, worker: 7, disk, tell: (event: SinkEvent) => events.push(event) }
  return { parts: new SplitParts(sink, new JsonEncoder(1), host, clock), events, disk, clock }
}

const part = (number: number, rows: number) => ({ name: `part-7-${number}.jsonl`, rows, bytes: LINE.length * rows })
const kept = (splits: string[], ...files: object[]) => ({ kind: 'kept', sink: 'out/', splits, parts: files })

test('a part ends with the split with which it is time, and splits without rows are told too', async () => {
  const { parts: written, events, disk, clock } = parts({ everyMs: 100 })
  const { writer } = written
  writer.add({ n: 1 })
  written.endSplit('a')
  await clock.advance(99)
  writer.add({ n: 1 })
  written.endSplit('b')
  assert.deepEqual(events, [])
  await clock.advance(1)
  writer.add({ n: 1 })
  assert.deepEqual(events, [], 'not in the midst of a split')
  written.endSplit('c')
  assert.deepEqual(events, [kept(['a', 'b', 'c'], part(5, 3))])
  await clock.advance(99)
  written.endSplit('d')
  assert.equal(events.length, 1)
  await clock.advance(1)
  written.endSplit('e')
  assert.deepEqual(events[1], kept(['d', 'e']))
  writer.add({ n: 1 })
  written.endSplit('f')
  assert.equal(writer.end().length, 2)
  assert.deepEqual(events.slice(2), [kept(['f'], part(6, 1)), { kind: 'sunk', sink: 'out/' }])
  assert.deepEqual([...disk.files.keys()], ['/here/out/.unfinished/part-7-5.jsonl', '/here/out/.unfinished/part-7-6.jsonl'])
})

test('parts that are full are told with the splits whose rows they hold', () => {
  const { parts: written, events } = parts({ everyMs: 0, rowsPerPart: 2 })
  for (let row = 0; row < 5; row++) written.writer.add({ n: 1 })
  assert.deepEqual(events, [])
  written.endSplit('a')
  assert.deepEqual(events, [kept(['a'], part(5, 2), part(6, 2), part(7, 1))])
})
