import assert from 'node:assert/strict'
import { test } from 'node:test'
import stringWidth from 'string-width'
import { TablePrinter } from '../../src/cli/table.js'

const lines = (text: string): string[] => text.split('\n').slice(0, -1)

test('text stands left, numbers stand right with their thousands apart, under a rule', () => {
  const text = new TablePrinter(80).page([
    { pair: 'of the', n: 1234567 },
    { pair: 'in', n: 5 },
  ])
  assert.equal(text, ['pair            n', '──────  ─────────', 'of the  1,234,567', 'in              5', ''].join('\n'))
})

test('bigints, fractions, dates, booleans, binary and nested values are readable', () => {
  const row = {
    big: 2n ** 60n,
    part: 1234.56789,
    small: 0.000123456,
    when: new Date(0),
    yes: true,
    raw: Uint8Array.of(1, 2),
    list: [1, { a: 2n }],
  }
  const text = lines(new TablePrinter(200).page([row]))[2]
  assert.equal(text, '1,152,921,504,606,846,976  1,234.568  0.0001235  1970-01-01T00:00:00.000Z  true  AQI=  [1,{"a":2}]')
})

test('numbers that grouping would blow up or round away are written as JavaScript does', () => {
  const text = lines(new TablePrinter(200).page([{ a: 1e300, b: 1e-300, c: Number.NaN, d: Number.NEGATIVE_INFINITY, e: 0, f: -0.5 }]))[2]
  assert.equal(text?.replace(/ +/g, ' ').trim(), '1e+300 1.000e-300 NaN -Infinity 0 -0.5')
})

test('no line is wider than the terminal: the widest column is cut, the others stay whole', () => {
  const rows = [
    { name: 'a'.repeat(300), city: 'Lisbon', n: 1000 },
    { name: 'b', city: 'Ulm', n: 2 },
  ]
  const text = lines(new TablePrinter(40).page(rows))
  for (const line of text) assert.ok(stringWidth(line) <= 40, line)
  assert.match(text[2] as string, /^a+… {2}Lisbon {2}1,000$/)
})

test('wide characters, combining marks and emoji keep the columns in line', () => {
  const rows = ['漢字かな', 'e\u0301te\u0301', '👍🏽 ok', 'plain'].map((text) => ({ text, n: 1 }))
  const ends = lines(new TablePrinter(80).page(rows)).map((line) => stringWidth(line))
  assert.deepEqual(new Set(ends), new Set([Math.max(...ends)]))
})

test('a wide character is not cut in half', () => {
  const text = lines(new TablePrinter(10).page([{ text: '漢'.repeat(20) }]))
  for (const line of text) assert.ok(stringWidth(line) <= 10, line)
})

test('line breaks, tabs, escapes and direction marks in data are shown, never sent', () => {
  const text = lines(new TablePrinter(80).page([{ 'na\nme': 'a\nb\tc\u001b[31m\u202e' }]))
  assert.deepEqual([text[0], text[2]], ['na\\nme', 'a\\nb\\tc\\u001b[31m\\u202e'])
})

test('null shows as null and does not make a column of numbers text', () => {
  const text = lines(new TablePrinter(80).page([{ n: null }, { n: 1000 }, { n: 7 }]))
  assert.deepEqual(text.slice(2), [' null', '1,000', '    7'])
})

test('rows with other keys get their columns', () => {
  assert.equal(lines(new TablePrinter(80).page([{ a: 1 }, { b: 'x' }]))[0], '   a  b')
})

test('later pages have no heading, keep the columns, and get wider where a number needs it', () => {
  const table = new TablePrinter(14)
  table.page([{ word: 'abcdef', n: 10 }])
  assert.equal(table.page([{ word: 'x', n: 1 }]), 'x        1\n')
  assert.equal(table.page([{ word: 'abcdefgh', n: 12345 }]), 'abcde…  12,345\n')
  assert.equal(table.page([{ word: 'x', n: 1 }]), 'x            1\n')
})

test('texts are cut before numbers', () => {
  const text = lines(new TablePrinter(16).page([{ word: 'abcdefgh', n: 1234567 }]))
  assert.equal(text[2], 'abcd…  1,234,567')
})

test('no rows are no text', () => {
  assert.equal(new TablePrinter(80).page([]), '')
})

test('more columns than the terminal has room for stay readable instead of vanishing', () => {
  const row = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`column${index}`, 'value']))
  const text = lines(new TablePrinter(40).page([row]))
  assert.equal(text[2]?.split(/ +/).length, 30)
})

test('a terminal that reports no width gets a usual one', () => {
  for (const width of [undefined, 0]) assert.match(new TablePrinter(width).page([{ a: 'x' }]), /^a\n─\nx\n$/)
})
