import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runMark } from '../../src/flow/sinks/sink-names.js'
import { Unfinished } from '../../src/flow/sinks/unfinished.js'
import { flow, lines, to } from '../../src/flow.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
after(() => rmSync(folder, { recursive: true }))

/** A folder of its own that a sink with resume writes to, and runs that do. */
async function place() {
  const cwd = mkdtempSync(join(folder, 'place-'))
  writeFileSync(join(cwd, 'in.txt'), 'a\n')
  mkdirSync(join(cwd, 'out'))
  const { sink } = to.jsonl('out/', { resume: true })
  const [stage] = (await flow('file:///stages.js').read(lines('in.txt')).write({ sink }).plan()).stages
  assert.ok(stage)
  const unfinished = join(cwd, 'out/.unfinished')
  const write = (name: string): void => writeFileSync(join(unfinished, name), 'four')
  return { unfinished, write, run: () => new Unfinished({ sink, stage, cwd, mark: runMark() }) }
}

const part = (name: string) => ({ name, rows: 1, bytes: 4 })

test('what is kept is there for the next run; what is not goes with the run, and all where nothing is', async () => {
  const { unfinished, write, run } = await place()
  const empty = run()
  await empty.open()
  await empty.close(false)
  assert.ok(!existsSync(unfinished))
  const first = run()
  await first.open()
  for (const name of ['part-1-1.jsonl', 'part-2-7.jsonl', 'part-1-2.jsonl']) write(name)
  first.keep({ splits: ['in.txt:0'], parts: [part('part-1-1.jsonl'), part('part-2-7.jsonl')] })
  await first.kept()
  await first.close(false)
  assert.deepEqual(readdirSync(unfinished).sort(), ['part-1-1.jsonl', 'part-2-7.jsonl', 'splits.jsonl'])
  const second = run()
  await second.open()
  assert.deepEqual([...second.resumed.done], ['in.txt:0'])
  assert.equal(second.lastNumber, 7)
  assert.deepEqual(
    second.parts.map(({ name, placed }) => [name, placed]),
    [
      ['part-1-1.jsonl', false],
      ['part-2-7.jsonl', false],
    ],
  )
  await second.close(false)
})

test('a part that cannot be brought to the disk is not kept, nor is what comes after it, and the run is told', async () => {
  const { unfinished, write, run } = await place()
  const failing = run()
  await failing.open()
  write('part-1-1.jsonl')
  failing.keep({ splits: ['a'], parts: [part('part-1-1.jsonl')] })
  failing.keep({ splits: ['b'], parts: [part('part-1-2.jsonl')] })
  await assert.rejects(failing.kept(), { code: 'SinkWrite', message: /could not keep what is finished of out\// })
  write('part-1-3.jsonl')
  assert.throws(() => failing.keep({ splits: ['c'], parts: [part('part-1-3.jsonl')] }), { code: 'SinkWrite' })
  await failing.close(false)
  assert.deepEqual(readdirSync(unfinished).sort(), ['part-1-1.jsonl', 'splits.jsonl'])
  const next = run()
  await next.open()
  assert.deepEqual([...next.resumed.done], ['a'])
  await next.close(false)
})

test('of two runs at most one goes on, and one that was refused leaves the other alone', async () => {
  const { unfinished, write, run } = await place()
  const runs = [run(), run()]
  const both = await Promise.allSettled(runs.map((each) => each.open()))
  assert.ok(both.filter(({ status }) => status === 'fulfilled').length <= 1)
  await Promise.all(runs.map((each) => each.close(false)))
  const first = run()
  await first.open()
  write('part-1-1.jsonl')
  const second = run()
  await assert.rejects(second.open(), {
    code: 'SinkResume',
    message: /out\/ is being written by another run.* remove \.unfinished\/owner-millrace-/,
  })
  await second.close(false)
  assert.ok(existsSync(join(unfinished, 'part-1-1.jsonl')))
  first.keep({ splits: ['a'], parts: [part('part-1-1.jsonl')] })
  await first.kept()
  await first.close(false)
  writeFileSync(join(unfinished, 'owner-millrace-999999999-1-00000000-00000000'), '')
  const third = run()
  await assert.rejects(third.open(), { code: 'SinkResume' }, 'a process of another machine may still be there')
  await third.close(false)
  assert.ok(existsSync(join(unfinished, 'part-1-1.jsonl')))
})

test('what another flow has kept is left as it is', async () => {
  const { unfinished, write, run } = await place()
  const first = run()
  await first.open()
  write('part-1-1.jsonl')
  first.keep({ splits: ['a'], parts: [part('part-1-1.jsonl')] })
  await first.close(false)
  writeFileSync(join(unfinished, '../../in.txt'), 'other\n')
  const other = run()
  await assert.rejects(other.open(), { code: 'SinkResume', message: /in\.txt has changed/ })
  await other.close(false)
  assert.deepEqual(readdirSync(unfinished).sort(), ['part-1-1.jsonl', 'splits.jsonl'])
})
