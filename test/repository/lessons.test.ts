import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'
import { parseTable } from '../support/tables.js'

const LESSONS = readProjectFile('docs/LESSONS.md')
const SECTIONS = { 'Defects not to have': 20, 'Learned late': 14, Behaviours: 21, 'How others broke': 12 }
const NOT_YET_MAX = 15

const owners = Object.entries(SECTIONS).flatMap(([section, count]) => {
  const rows = parseTable(LESSONS, section)
  assert.equal(rows.length, count, section)
  return rows.map((row) => ({ where: `${section} ${row['#']}`, owner: row['Owned by'] }))
})

/** The names of tests as a file spells them, with what is filled in as a pattern. */
function titlesOf(source: string): { title: RegExp; text: string }[] {
  const calls = source.matchAll(/\b(?:test|describe|say)\(\s*(?:say\()?(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g)
  return [...calls].map(([, single, double, template]) => {
    const text = single ?? double ?? template
    const parts = (template === undefined ? [text] : splitTemplate(text)).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return { title: new RegExp(`^${parts.join('(.+)')}$`), text }
  })
}

/** The fixed parts of a template. */
function splitTemplate(text: string): string[] {
  return text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
}

/** Whether the file has a test of that name; what a template fills in must be written in the file too. */
function hasTest(source: string, name: string): boolean {
  return titlesOf(source).some(({ title, text }) => {
    const [, ...filled] = title.exec(name) ?? []
    return title.test(name) && text.replace(/\$\{.*?\}/g, '').trim() !== '' && filled.every((part) => source.includes(part))
  })
}

test('every lesson is owned by tests that exist, or says why not yet', () => {
  const missing: string[] = []
  for (const { where, owner } of owners) {
    const named = [...owner.matchAll(/(test\/[\w./-]+[.]ts)`? "([^"]+)"/g)]
    if (named.length === 0) assert.match(owner, /^not yet: \w.{20}/, where)
    for (const [, path, name] of named) {
      const isThere = existsSync(new URL(path, PROJECT_ROOT)) && hasTest(readProjectFile(path), name)
      if (!isThere) missing.push(`${where}: ${path} has no test "${name}"`)
    }
  }
  assert.deepEqual(missing, [])
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
