import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inheritedArguments } from '../../src/mesh/process-host.js'

test('workers take over the options of Node.js, but for what concerns one process alone', () => {
  const taken = ['--enable-source-maps', '--import', './hooks.js', '--max-old-space-size=100']
  assert.deepEqual(inheritedArguments(taken), taken)
  const own = [
    '-e',
    'await 1',
    '--input-type=module',
    '--inspect',
    '--inspect-brk=0',
    '--inspect-port=9230',
    '--test',
    '--watch',
    '--print',
    '1',
  ]
  assert.deepEqual(inheritedArguments([...own, ...taken]), taken)
})
