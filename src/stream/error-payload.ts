import { deserialize, serialize } from 'node:v8'
import { CODES, type Code } from '../base/codes.js'
import {
  CancelledError,
  MillraceError,
  PeerLostError,
  ProtocolError,
  SessionEndedError,
  TooManyCallsError,
} from '../base/errors.js'

/** How near to the cause an error is. A lower rank is reported first. */
export const RANK = { root: 0, unclassified: 1, consequence: 2 } as const
export type Rank = (typeof RANK)[keyof typeof RANK]

/** An error, or whatever was thrown, as plain data. */
interface ErrorTree {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
  readonly cause?: ErrorTree | { readonly value: unknown }
  readonly errors?: readonly ErrorTree[]
  /** Set where what was thrown is no error. */
  readonly thrown?: { readonly value: unknown }
}

const CAUSES_MAX = 8
const ranks = new WeakMap<object, Rank>()

/** The rank that came with an error, or the one its class implies; what a producer throws is a root. */
export function rankOf(error: unknown): Rank {
  if (typeof error !== 'object' || error === null) return RANK.root
  const known = ranks.get(error)
  if (known !== undefined) return known
  if (error instanceof PeerLostError) return RANK.unclassified
  if (error instanceof SessionEndedError || error instanceof CancelledError) return RANK.consequence
  return RANK.root
}

function toTree(error: unknown, depth: number): ErrorTree {
  if (!isError(error)) return { name: 'Error', message: describe(error), thrown: { value: error } }
  const properties: Record<string, unknown> = {}
  for (const key of Object.keys(error)) {
    if (key !== 'code' && key !== 'fault') properties[key] = (error as unknown as Record<string, unknown>)[key]
  }
  const tree: { -readonly [K in keyof ErrorTree]: ErrorTree[K] } = { name: String(error.name), message: String(error.message), properties }
  if (typeof error.stack === 'string') tree.stack = error.stack
  if ('code' in error) tree.code = error.code
  if ('cause' in error && depth < CAUSES_MAX) tree.cause = isError(error.cause) ? toTree(error.cause, depth + 1) : { value: error.cause }
  if (error instanceof AggregateError) tree.errors = error.errors.slice(0, CAUSES_MAX).map((each) => toTree(each, depth + 1))
  return tree
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]' || value instanceof DOMException
}

function describe(value: unknown): string {
  try {
    return typeof value === 'string' ? value : `${typeof value === 'object' ? JSON.stringify(value) : String(value)} was thrown`
  } catch {
    // A value that cannot even be printed is still reported as thrown.
    return 'a value that cannot be printed was thrown'
  }
}

/** Encodes what was thrown, cut where it is longer than `maxBytes` or holds what cannot be cloned; the cut says so. */
export function encodeError(error: unknown, rank: Rank, maxBytes: number): Uint8Array {
  const whole = toTree(error, 0)
  const { name, code } = whole
  const bare = { name, message: whole.message, ...(whole.stack === undefined ? {} : { stack: whole.stack }), ...withCode(code) }
  for (const tree of [whole, { ...whole, properties: {}, thrown: undefined }, bare]) {
    const payload = trySerialize(tree, rank)
    if (payload !== undefined && payload.length <= maxBytes) return payload
  }
  const keep = Math.max(0, Math.floor(maxBytes / 4) - 64)
  return (
    trySerialize({ name: name.slice(0, 32), message: `${whole.message.slice(0, keep)} [cut]`, ...withCode(code) }, rank) ??
    Uint8Array.of(rank)
  )
}

function withCode(code: unknown): { code?: unknown } {
  return typeof code === 'string' || typeof code === 'number' ? { code } : {}
}

function trySerialize(tree: object, rank: Rank): Uint8Array | undefined {
  try {
    const body = serialize(tree)
    const payload = new Uint8Array(1 + body.length)
    payload[0] = rank
    payload.set(body, 1)
    return payload
  } catch {
    // Something in it cannot be cloned: the caller tries again with less, so that the error itself arrives.
    return undefined
  }
}

/** The error of an ERROR frame, as an instance of the same class where it is known here. Throws `ProtocolError`. */
export function decodeError(payload: Uint8Array): unknown {
  const rank = payload[0]
  if (rank > RANK.consequence) throw new ProtocolError(`an ERROR of rank ${rank}`)
  let error: unknown
  try {
    error = payload.length === 1 ? new MillraceError('RemoteError', 'an error that could not be sent') : fromTree(deserialize(payload.subarray(1)))
  } catch (cause) {
    throw new ProtocolError('an ERROR whose payload cannot be read', { cause })
  }
  if (typeof error === 'object' && error !== null) ranks.set(error, rank as Rank)
  return error
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

function create(tree: ErrorTree): Error {
  const { name, message, code } = tree
  if (typeof code === 'string' && Object.hasOwn(CODES, code)) {
    const Own = OWN[code as Code]
    return Own === undefined ? new MillraceError(code as Code, message) : new Own(message)
  }
  if (tree.errors !== undefined) return new AggregateError(tree.errors.map(fromTree), message)
  if (Object.hasOwn(NATIVE, name)) return new NATIVE[name](message)
  if (typeof code === 'number' && name !== 'Error') return new DOMException(message, name)
  return new Error(message)
}

function fromTree(tree: ErrorTree): unknown {
  if (tree.thrown !== undefined) return tree.thrown.value
  const error = create(tree)
  const set = (key: string, value: unknown, enumerable: boolean) => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  }
  if (error.name !== tree.name && !(error instanceof DOMException)) set('name', tree.name, false)
  if (tree.stack !== undefined) set('stack', tree.stack, false)
  if (tree.code !== undefined && !(error instanceof MillraceError) && !(error instanceof DOMException)) set('code', tree.code, true)
  for (const [key, value] of Object.entries(tree.properties ?? {})) set(key, value, true)
  if (tree.cause !== undefined) set('cause', 'value' in tree.cause ? tree.cause.value : fromTree(tree.cause), false)
  return error
}
