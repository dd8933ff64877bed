import assert from 'node:assert/strict'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OPERATOR_BYTES_DEFAULT, type RunOptions, resolveRunOptions } from '../../src/flow/run-options.js'
import { SPILL_BYTES_DEFAULT } from '../../src/flow/spill-terms.js'

test('the options of a run are completed with the documented defaults', () => {
  const options = resolveRunOptions({})
  assert.equal(options.workers, availableParallelism())
  assert.equal(options.memoryBytes, OPERATOR_BYTES_DEFAULT)
  assert.equal(options.ringBytes, undefined)
  assert.equal(options.cwd, process.cwd())
  assert.deepEqual(options.spill, { folder: tmpdir(), limitBytes: 16 * 1024 ** 3 })
  assert.equal(SPILL_BYTES_DEFAULT, options.spill?.limitBytes)
  assert.ok(Object.isFrozen(options))
})

test('options out of range are refused by name', () => {
  const refused: [RunOptions, RegExp][] = [
    [{ workers: -1 }, /workers must be an integer from 0/],
    [{ workers: 1.5 }, /workers/],
    [{ memoryBytes: 0 }, /memoryBytes/],
    [{ ringBytes: 5000 }, /ringBytes must be a power of two/],
    [{ ringBytes: 1024 }, /ringBytes must be an integer from 4096/],
    [{ spillBytes: 0 }, /spillBytes must be an integer from 1/],
    [{ spillFolder: '' }, /spillFolder must be the path of a folder, got ""/],
    [{ spill: 'no' as never }, /spill must be true or false, got no/],
    [{ kind: 'fiber' as never }, /kind is "fiber"; give 'thread' or 'process'/],
  ]
  for (const [options, message] of refused) assert.throws(() => resolveRunOptions(options), { code: 'InvalidArgument', message })
})

test('a spill folder is taken from the working directory of the run, and spill: false is none', () => {
  assert.equal(resolveRunOptions({ spillFolder: 'rows', cwd: tmpdir() }).spill?.folder, join(tmpdir(), 'rows'))
  assert.equal(resolveRunOptions({ spill: false }).spill, undefined)
})
