import assert from 'node:assert/strict'
import { MillraceError } from '../../src/base/errors.js'
import { hasTravelled } from '../../src/stream/error-payload.js'

/** An error of this package that does not blame this package: what a peer's bytes may bring about. */
export function assertNamed(error: unknown): void {
  if (error instanceof MillraceError && error.code !== 'Internal') return
  assert.fail(`no named error: ${error instanceof Error ? error.stack : String(error)}`)
}

/** The same, or what the peer said that it had thrown, whatever that is. */
export function assertNamedOrRemote(error: unknown): void {
  if (typeof error === 'object' && error !== null && !hasTravelled(error)) assertNamed(error)
}
