import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import {
  isLeftover,
  isPart,
  isTemporaryOf,
  partName,
  runMark,
  shownName,
  targetOf,
  temporaryName,
} from '../../src/flow/sinks/sink-names.js'
import { to } from '../../src/flow.js'

/** The pid of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['-e', '']).pid

test('a temporary name is that of one run, hidden, and left over once its process is gone', () => {
  const mark = runMark()
  const name = temporaryName('a.jsonl', mark)
  assert.match(name, /^\.a\.jsonl\.millrace-/)
  assert.deepEqual([isTemporaryOf(name, mark), isTemporaryOf(name, runMark()), isTemporaryOf('a.jsonl', mark)], [true, false, false])
  const gone = name.replace(`-${process.pid}-`, `-${DEAD}-`)
  assert.deepEqual([isLeftover(name), isLeftover(gone)], [false, true])
  const [, , space] = mark.replace('millrace-', '').split('-')
  for (const other of [gone.replace(`-${space}-`, '-00000000-'), gone.slice(1), `${gone}x`, '.tmp', '.a.tmp', 'a.jsonl']) {
    assert.equal(isLeftover(other), false, other)
  }
})

test('parts are told by their format', () => {
  assert.equal(partName(2, 13, 'csv'), 'part-2-13.csv')
  assert.ok(isPart('part-2-13.csv', 'csv'))
  for (const name of ['part-2-13.jsonl', 'part-2.csv', 'part-2-13.csv.gz', '.part-2-13.csv', 'apart-2-13.csv', '_manifest.json']) {
    assert.equal(isPart(name, 'csv'), false, name)
  }
})

test('a path is a file from the working directory, and with a slash at its end a folder; its files are shown as it was given', () => {
  const file = to.jsonl('../out/a.jsonl').sink
  assert.deepEqual(targetOf(file, '/here/there'), { folder: '/here/out', name: 'a.jsonl' })
  assert.equal(shownName(file, 'a.jsonl'), '../out/a.jsonl')
  const folder = to.csv('/out/parts/').sink
  assert.deepEqual(targetOf(folder, '/here'), { folder: '/out/parts', name: undefined })
  assert.equal(shownName(folder, 'part-1-1.csv'), '/out/parts/part-1-1.csv')
})
