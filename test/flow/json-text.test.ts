import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonLine, jsonText } from '../../src/flow/sinks/json-text.js'

test('a row is one line, keys in order', () => {
  assert.equal(jsonLine({ b: 1, a: 'x\ny' }), '{"b":1,"a":"x\\ny"}\n')
})

test('a bigint is a number up to 2^53 - 1 and a string beyond, on both sides of zero', () => {
  const edge = 2n ** 53n - 1n
  assert.equal(
    jsonText([edge, edge + 1n, -edge, -edge - 1n]),
    '[9007199254740991,"9007199254740992",-9007199254740991,"-9007199254740992"]',
  )
})

test('NaN and the infinities are null, minus zero is zero', () => {
  assert.equal(jsonText([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]), '[null,null,null,0]')
})

test('a date is ISO text, an invalid date is null', () => {
  assert.equal(jsonText([new Date(0), new Date(Number.NaN)]), '["1970-01-01T00:00:00.000Z",null]')
})

test('binary is base64: arrays, buffers, and views of a part', () => {
  const bytes = Uint8Array.of(0, 1, 2, 255)
  assert.equal(jsonText([bytes, Buffer.from(bytes), bytes.subarray(1, 3), bytes.buffer]), '["AAEC/w==","AAEC/w==","AQI=","AAEC/w=="]')
})

test('the rules hold inside lists and nested objects', () => {
  assert.equal(
    jsonText({ list: [{ n: 2n ** 60n, when: new Date(0) }] }),
    '{"list":[{"n":"1152921504606846976","when":"1970-01-01T00:00:00.000Z"}]}',
  )
})

test('null stays, undefined is left out of a row and null alone', () => {
  assert.equal(jsonLine({ a: null, b: undefined }), '{"a":null}\n')
  assert.equal(jsonText(undefined), 'null')
})

test('columns called __proto__ and toJSON are columns', () => {
  const row = JSON.parse('{"__proto__": 1, "toJSON": 2}') as Record<string, unknown>
  assert.equal(jsonLine(row), '{"__proto__":1,"toJSON":2}\n')
})

test('a lone surrogate and NUL survive as escapes', () => {
  assert.equal(jsonLine({ a: '\ud800\0' }), '{"a":"\\ud800\\u0000"}\n')
})
