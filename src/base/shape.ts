const kept: object[] = []

/**
 * Keeps one object of a class of short-lived ones. When a garbage collection finds none, V8 forgets the class's hidden maps and with
 * them all code it optimized for them, and the next stream begins slowly again.
 */
export function keepShape(object: object): void {
  kept.push(object)
}

/**
 * Nought as V8's heap number. A field that begins with it holds numbers beyond 2^31 without a change of its hidden map, which would cost
 * all code optimized for the old one, in the midst of a long stream. Like 0 in all arithmetic, but not for `Object.is`.
 */
export const WIDE_ZERO: number = -0
