import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connected } from '../support/connections.js'

test('an id is used again more often than its generation can count', { timeout: 90_000 }, async () => {
  await connected<typeof import('./life.worker.js')>(new URL('./life.worker.js', import.meta.url), { workers: 0 }, async ({ api }) => {
    for (let n = 0; n < 66_000; n++) await api.echo(undefined)
    assert.equal(await api.echo('on'), 'on')
  })
})
