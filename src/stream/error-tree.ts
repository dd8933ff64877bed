import { readClone } from '../base/clone.js'
import { CODES, type Code } from '../base/codes.js'
import { CancelledError, MillraceError, PeerLostError, ProtocolError, SessionEndedError, TooManyCallsError } from '../base/errors.js'
import { serialize } from '../base/v8.js'
import { createRegistered, registeredName } from './error-classes.js'

/** An error, or whatever was thrown, as plain data. */
export interface ErrorTree {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
  readonly cause?: ErrorTree | { readonly value: unknown }
  readonly errors?: readonly ErrorTree[]
  /** Set where what was thrown is no error. */
  readonly thrown?: { readonly value: unknown }
  /** Of a class that is registered: under which name. */
  readonly class?: string
  /** Set where it is a DOMException, whose code follows from its name. */
  readonly dom?: true
}

/** How deep causes and the errors of an AggregateError are followed, and how many of the latter. */
const DEPTH_MAX = 8
const ERRORS_MAX = 8
/** Of a thrown object with more values than this the message shows none. */
const PRINTED_VALUES_MAX = 10_000
/** Sent by themselves, or following from the code. */
const NOT_PROPERTIES = new Set(['name', 'message', 'stack', 'code', 'cause', 'errors', 'fault'])

/** What was thrown as plain data. Never throws: what cannot be looked at or cloned is left out. */
export function toTree(error: unknown): ErrorTree {
  try {
    return isError(error) ? errorToTree(error, 0) : thrownToTree(error)
  } catch {
    // A getter or proxy of somebody's threw: that it was thrown is still reported.
    return { name: 'Error', message: 'a value that cannot be looked at was thrown' }
  }
}

/** Whether it arrives. V8 writes some values that it cannot read, hence the way there and back. */
export function isCloneable(value: unknown): boolean {
  try {
    readClone(serialize(value))
    return true
  } catch {
    // The question was whether this happens.
    return false
  }
}

function errorToTree(error: Error, depth: number): ErrorTree {
  const tree: { -readonly [K in keyof ErrorTree]: ErrorTree[K] } = { name: String(error.name), message: String(error.message) }
  tree.properties = ownProperties(error)
  const registered = registeredName(error)
  if (registered !== undefined) tree.class = registered
  if (typeof error.stack === 'string') tree.stack = error.stack
  if (error instanceof DOMException) tree.dom = true
  else if ('code' in error && isCloneable(error.code)) tree.code = error.code
  if (depth === DEPTH_MAX) return tree
  if ('cause' in error) tree.cause = causeToTree(error.cause, depth + 1)
  if (error instanceof AggregateError)
    tree.errors = error.errors.slice(0, ERRORS_MAX).map((each) => (isError(each) ? errorToTree(each, DEPTH_MAX) : thrownToTree(each)))
  return tree
}

function causeToTree(cause: unknown, depth: number): ErrorTree | { readonly value: unknown } {
  if (isError(cause)) return errorToTree(cause, depth)
  return isCloneable(cause) ? { value: cause } : thrownToTree(cause)
}

function thrownToTree(value: unknown): ErrorTree {
  const tree = { name: 'Error', message: describe(value) }
  return isCloneable(value) ? { ...tree, thrown: { value } } : tree
}

function ownProperties(error: Error): Record<string, unknown> {
  const properties: Record<string, unknown> = {}
  for (const key of Object.keys(error)) {
    if (NOT_PROPERTIES.has(key)) continue
    const { value } = Object.getOwnPropertyDescriptor(error, key) ?? {}
    if (value !== undefined && isCloneable(value)) properties[key] = value
  }
  return properties
}

function isError(value: unknown): value is Error {
  return value instanceof Error || value instanceof DOMException || Object.prototype.toString.call(value) === '[object Error]'
}

function describe(value: unknown): string {
  try {
    return typeof value === 'string' ? value : `${typeof value === 'object' ? toJson(value) : String(value)} was thrown`
  } catch {
    // A value that cannot even be printed is still reported as thrown.
    return 'a value that cannot be printed was thrown'
  }
}

/** Throws where there is too much of it: an array of no elements that says it is four billion long is printed for minutes. */
function toJson(value: unknown): string {
  let left = PRINTED_VALUES_MAX
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (left-- === 0) throw new RangeError('too large to be printed')
    return inner
  })
}

const NATIVE: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

const OWN: Partial<Record<Code, new (message: string) => MillraceError>> = {
  Cancelled: CancelledError,
  PeerLost: PeerLostError,
  Protocol: ProtocolError,
  SessionEnded: SessionEndedError,
  TooManyCalls: TooManyCallsError,
}

/**
 * The error, as an instance of the same class where it is known here; or the value that was thrown. Throws where `toTree` makes no such
 * tree: one that holds itself, or a few bytes that hold each other very often, would have no end.
 */
export function fromTree(tree: unknown): unknown {
  return build(checked(tree), 0)
}

function checked(tree: unknown): ErrorTree {
  const { name, message, stack, class: registered } = tree as Partial<ErrorTree>
  for (const text of [name, message, stack ?? '', registered ?? ''])
    if (typeof text !== 'string') throw new TypeError('no error: its name, message, stack or class is no text')
  return tree as ErrorTree
}

function build(tree: ErrorTree, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new RangeError('an error with too many causes')
  if (tree.thrown !== undefined) return tree.thrown.value
  const error = create(tree, depth)
  const set = (key: string, value: unknown, enumerable: boolean) => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  }
  if (error.name !== tree.name) set('name', tree.name, false)
  if (tree.stack !== undefined) set('stack', tree.stack, false)
  if (tree.code !== undefined && !(error instanceof MillraceError)) set('code', tree.code, true)
  for (const [key, value] of Object.entries(tree.properties ?? {})) if (!NOT_PROPERTIES.has(key)) set(key, value, true)
  if (tree.cause !== undefined) set('cause', 'value' in tree.cause ? tree.cause.value : build(checked(tree.cause), depth + 1), false)
  return error
}

function create(tree: ErrorTree, depth: number): Error {
  const { name, message, code } = tree
  if (tree.dom === true) return new DOMException(message, name)
  const registered = createRegistered(tree.class ?? name, message)
  if (registered !== undefined) return registered
  if (typeof code === 'string' && Object.hasOwn(CODES, code)) {
    const Own = OWN[code as Code]
    return Own === undefined ? new MillraceError(code as Code, message) : new Own(message)
  }
  if (tree.errors !== undefined) return new AggregateError(buildAll(tree.errors, depth), message)
  if (Object.hasOwn(NATIVE, name)) return new NATIVE[name](message)
  return new Error(message)
}

/** The errors of an AggregateError have none of their own. */
function buildAll(trees: readonly unknown[], depth: number): unknown[] {
  if (depth === DEPTH_MAX || !Array.isArray(trees) || trees.length > ERRORS_MAX) throw new RangeError('an error of too many errors')
  return trees.map((tree) => build(checked(tree), DEPTH_MAX))
}
