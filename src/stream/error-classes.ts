import { CODES } from '../base/codes.js'
import { MillraceError } from '../base/errors.js'

type ErrorClass = abstract new (...args: never[]) => Error

const byName = new Map<string, ErrorClass>()
const byClass = new Map<ErrorClass, string>()

/** Made again by themselves, or by their code. */
const KNOWN = new Set([
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
  'DOMException',
])

/**
 * Lets errors of a class of your own arrive as instances of it, with their own properties; its constructor is not run. Both sides have to
 * do it, best in the module that declares the class. `name` tells the classes apart, and is that of the class by default.
 * Throws `InvalidArgument` where it is no class of errors, or the name is taken.
 */
export function registerError(Class: ErrorClass, name: string = Class.name): void {
  if (typeof Class !== 'function' || !(Class.prototype instanceof Error))
    throw new MillraceError('InvalidArgument', 'registerError: give a class that extends Error')
  if (name === '' || KNOWN.has(name) || Object.hasOwn(CODES, name.replace(/Error$/, '')))
    throw new MillraceError('InvalidArgument', `registerError: the name '${name}' cannot be taken; give another as the second argument`)
  const present = byName.get(name)
  if (present !== undefined && present !== Class)
    throw new MillraceError('InvalidArgument', `registerError: another class is called '${name}'; give another name as the second argument`)
  byName.set(name, Class)
  byClass.set(Class, name)
}

/** The name under which the class of an error is registered. */
export function registeredName(error: Error): string | undefined {
  return byClass.get(error.constructor as ErrorClass)
}

/** An error of a registered class. Undefined: there is none of that name. */
export function createRegistered(name: string, message: string): Error | undefined {
  const Class = byName.get(name)
  // Made by Error itself, so that it is one for the engine too.
  return Class && Object.setPrototypeOf(new Error(message), Class.prototype)
}
