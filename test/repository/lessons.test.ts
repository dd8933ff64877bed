import assert from 'node:assert/strict'
import test from 'node:test'
import { readProjectFile } from '../support/root.js'
import { parseTable } from '../support/tables.js'
import { hasTest, missingTests, testsNamedIn } from '../support/test-names.js'

const LESSONS = readProjectFile('docs/LESSONS.md')
const SECTIONS = { 'Defects not to have': 20, 'Learned late': 14, Behaviours: 21, 'How others broke': 12 }
const NOT_YET_MAX = 15

const owners = Object.entries(SECTIONS).flatMap(([section, count]) => {
  const rows = parseTable(LESSONS, section)
  assert.equal(rows.length, count, section)
  return rows.map((row) => ({ where: `${section} ${row['#']}`, owner: row['Owned by'] }))
})

test('every lesson is owned by tests that exist, or says why not yet', () => {
  for (const { where, owner } of owners) {
    if (testsNamedIn(owner).length === 0) assert.match(owner, /^not yet: \w.{20}/, where)
    assert.deepEqual(missingTests(owner), [], where)
  }
})

test('few lessons are not owned yet', () => {
  const open = owners.filter(({ owner }) => owner.startsWith('not yet'))
  assert.ok(open.length <= NOT_YET_MAX, `${open.length} are open`)
})

test('a test that is not there is missed', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
  const source = "for (const how of ['now']) test(`it ends ${how}`, () => {})\ntest('it begins', () => {})\ntest(`${how}`, () => {})"
  assert.deepEqual(
    ['it begins', 'it ends now', 'it ends later', 'it begin', 'now'].map((name) => hasTest(source, name)),
    [true, true, false, false, false],
  )
})
