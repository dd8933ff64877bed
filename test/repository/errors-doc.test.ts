import assert from 'node:assert/strict'
import test from 'node:test'
import { CODES } from '../../src/base/codes.js'
import { readProjectFile } from '../support/root.js'
import { parseTable } from '../support/tables.js'

test('docs/ERRORS.md lists every code with fault, cause and cure (npm run docs:errors)', () => {
  const expected = Object.entries(CODES).map(([Code, { fault, cause, cure }]) => ({ Code, Fault: fault, Cause: cause, Cure: cure }))
  assert.deepEqual(parseTable(readProjectFile('docs/ERRORS.md'), 'Codes'), expected)
})

test('every code has a cause and a cure that are sentences', () => {
  for (const [code, { cause, cure }] of Object.entries(CODES)) {
    assert.match(cause, /^[A-Z].*[.]$/, code)
    assert.match(cure, /^[A-Z].*[.]$/, code)
  }
})
