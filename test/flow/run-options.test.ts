import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { OPERATOR_BYTES_DEFAULT, type RunOptions, resolveRunOptions } from '../../src/flow/run-options.js'

test('the options of a run are completed with the documented defaults', () => {
  const options = resolveRunOptions({})
  assert.equal(options.workers, availableParallelism())
  assert.equal(options.memoryBytes, OPERATOR_BYTES_DEFAULT)
  assert.equal(options.ringBytes, undefined)
  assert.equal(options.cwd, process.cwd())
  assert.ok(Object.isFrozen(options))
})

test('options out of range are refused by name', () => {
  const refused: [RunOptions, RegExp][] = [
    [{ workers: -1 }, /workers must be an integer from 0/],
    [{ workers: 1.5 }, /workers/],
    [{ memoryBytes: 0 }, /memoryBytes/],
    [{ ringBytes: 5000 }, /ringBytes must be a power of two/],
    [{ ringBytes: 1024 }, /ringBytes must be an integer from 4096/],
    [{ kind: 'fiber' as never }, /kind must be 'thread'/],
  ]
  for (const [options, message] of refused) assert.throws(() => resolveRunOptions(options), { code: 'InvalidArgument', message })
})
