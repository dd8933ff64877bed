import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lines } from 'millrace/flow'
import { PAUSE } from '../../src/flow/operators/cursor.js'
import { openTextSource } from '../../src/flow/sources/open-source.js'

for (const io of ['sync', 'async'] as const) {
  test(`splits that cannot be had fail the ${io} source for whoever waits and for whoever asks next`, async () => {
    const failure = new Error('no split')
    const source = openTextSource(lines('*').input, { io, nextSplit: () => Promise.reject(failure) })
    assert.equal(source.next(), PAUSE)
    await assert.rejects(source.ready(), failure)
    assert.throws(() => source.next(), failure)
    source.close()
  })
}
