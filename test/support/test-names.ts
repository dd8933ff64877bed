import { existsSync } from 'node:fs'
import { PROJECT_ROOT, readProjectFile } from './root.js'

/** The names of tests as a file spells them, with what is filled in as a pattern. */
function titlesOf(source: string): { title: RegExp; text: string }[] {
  const calls = source.matchAll(/\b(?:test\w*|describe|say)\(\s*(?:say\()?(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g)
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
export function hasTest(source: string, name: string): boolean {
  return titlesOf(source).some(({ title, text }) => {
    const [, ...filled] = title.exec(name) ?? []
    return title.test(name) && text.replace(/\$\{.*?\}/g, '').trim() !== '' && filled.every((part) => source.includes(part))
  })
}

/** The tests that a text names, as `test/x.test.ts` "its name". */
export function testsNamedIn(text: string): { path: string; name: string }[] {
  return [...text.matchAll(/(test\/[\w./-]+[.]ts)`? "([^"]+)"/g)].map(([, path, name]) => ({ path, name }))
}

/** Of the tests that a text names those that do not exist. */
export function missingTests(text: string): string[] {
  return testsNamedIn(text)
    .filter(({ path, name }) => !existsSync(new URL(path, PROJECT_ROOT)) || !hasTest(readProjectFile(path), name))
    .map(({ path, name }) => `${path} has no test "${name}"`)
}
