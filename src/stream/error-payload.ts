import { readClone } from '../base/clone.js'
import { CancelledError, MillraceError, PeerLostError, ProtocolError, SessionEndedError } from '../base/errors.js'
import { serialize } from '../base/v8.js'
import { type ErrorTree, fromTree, isCloneable, toTree } from './error-tree.js'

/** How near to the cause an error is. A lower rank is reported first. */
export const RANK = { root: 0, unclassified: 1, consequence: 2 } as const
export type Rank = (typeof RANK)[keyof typeof RANK]

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

/** Whether an error came from another participant. It may have been cut to what a frame holds. */
export function hasTravelled(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ranks.has(error)
}

/** What an error may take that travels by message port or channel. */
export const ERROR_BYTES_MAX: number = 0x1_0000

const CUT = '[cut]'
const NAME_CHARACTERS_MAX = 32

/** Encodes what was thrown, in at most `maxBytes` (512 or more): what does not fit is cut, in the stack or the message it says so. */
export function encodeError(error: unknown, rank: Rank, maxBytes: number): Uint8Array {
  for (const tree of everShorter(toTree(error))) {
    const payload = trySerialize(tree, rank)
    if (payload !== undefined && payload.length <= maxBytes) return payload
  }
  // So that the receiver learns at least that it failed.
  return Uint8Array.of(rank)
}

/** The whole; without its stacks; without properties, causes and value; without either; with less and less of the message. */
function* everShorter(whole: ErrorTree): Generator<ErrorTree> {
  yield whole
  yield withoutStacks(whole)
  const { name, message, stack, code, dom, class: registered } = whole
  const known = {
    ...(isPlain(code) && { code }),
    ...(dom && { dom }),
    ...(registered !== undefined && registered.length <= NAME_CHARACTERS_MAX && { class: registered }),
  }
  if (stack !== undefined) yield { name, message, ...known, stack: `${stack}\n    ${CUT}` }
  yield { name, message, ...known, stack: CUT }
  for (let length = message.length; length >= 1; length = Math.floor(length * 0.8)) {
    yield { name: name.slice(0, NAME_CHARACTERS_MAX), message: `${message.slice(0, length)} ${CUT}`, ...known }
  }
}

function withoutStacks(tree: ErrorTree): ErrorTree {
  const { cause, errors } = tree
  return {
    ...tree,
    ...(tree.stack !== undefined && { stack: CUT }),
    ...(cause !== undefined && !('value' in cause) && { cause: withoutStacks(cause) }),
    ...(errors !== undefined && { errors: errors.map(withoutStacks) }),
  }
}

function isPlain(code: unknown): boolean {
  return typeof code === 'number' || (typeof code === 'string' && code.length <= NAME_CHARACTERS_MAX)
}

function trySerialize(tree: ErrorTree, rank: Rank): Uint8Array | undefined {
  if (!isCloneable(tree)) return undefined
  const body = serialize(tree)
  const payload = new Uint8Array(1 + body.length)
  payload[0] = rank
  payload.set(body, 1)
  return payload
}

/** The error of an ERROR frame, as an instance of the same class where it is known here. Throws `ProtocolError`. */
export function decodeError(payload: Uint8Array): unknown {
  const rank = payload[0]
  if (rank > RANK.consequence) throw new ProtocolError(`an ERROR of rank ${rank}`)
  let error: unknown
  try {
    error =
      payload.length === 1 ? new MillraceError('RemoteError', 'an error that could not be sent') : fromTree(readClone(payload.subarray(1)))
  } catch (cause) {
    throw new ProtocolError('an ERROR whose payload cannot be read', { cause })
  }
  if (typeof error === 'object' && error !== null) ranks.set(error, rank as Rank)
  return error
}
