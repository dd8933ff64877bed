import { types } from 'node:util'

/** Milliseconds of a Date of any realm, whatever a subclass makes of it; NaN for an invalid one, undefined for what is no Date. */
export function dateMs(value: unknown): number | undefined {
  return types.isDate(value) ? Date.prototype.getTime.call(value) : undefined
}
