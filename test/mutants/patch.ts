// biome-ignore lint/suspicious/noExplicitAny: a planted fault reaches into what is private.
export type Whatever = any

/** A method in place of another: `self` is the object, `original` calls what was there. */
type Method = (self: Whatever, original: (...args: Whatever[]) => Whatever, ...args: Whatever[]) => Whatever

/** Puts a method, or a getter, in place of that of a class. Returns what undoes it. */
export function patch(target: { readonly prototype: object }, name: string, method: Method): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)
  if (descriptor === undefined) throw new Error(`there is no '${name}' to replace`)
  const original: Whatever = descriptor.get ?? descriptor.value
  function replacement(this: Whatever, ...args: Whatever[]): Whatever {
    return method(this, (...given) => original.apply(this, given), ...args)
  }
  const replaced = descriptor.get === undefined ? { value: replacement, writable: true } : { get: replacement }
  Object.defineProperty(target.prototype, name, { ...replaced, configurable: true })
  return () => Object.defineProperty(target.prototype, name, descriptor)
}
