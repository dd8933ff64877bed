import assert from 'node:assert/strict'
import test from 'node:test'
import { CODES } from '../../src/base/codes.js'
import { readProjectFile } from '../support/root.js'
import { parseTable } from '../support/tables.js'

test('docs/ERRORS.md lists every code with fault, cause and cure', () => {
  const rows = parseTable(readProjectFile('docs/ERRORS.md'), 'Codes')
  const known = Object.entries(CODES).map(([Code, { fault, cause, cure }]) => ({ Code, Fault: fault, Cause: cause, Cure: cure }))
  const codes = (table: readonly { readonly Code?: string }[]) => table.map((row) => row.Code).join('\n')
  assert.equal(codes(rows), codes(known), 'run npm run docs:errors')
  for (const [index, row] of rows.entries()) assert.deepEqual(row, known[index])
})

test('every code has a cause and a cure that are sentences', () => {
  for (const [code, { cause, cure }] of Object.entries(CODES)) {
    assert.match(cause, /^[A-Z].*[.]$/, code)
    assert.match(cure, /^[A-Z].*[.]$/, code)
  }
})
