import { MillraceError } from './errors.js'
import { deserialize, serialize } from './v8.js'

/** Elements that the sparse arrays of a clone may announce without bytes for them; two more for each byte that it has. */
const SPARE_ELEMENTS = 0x1_0000
const ELEMENTS_PER_BYTE = 2
/** From this length on V8 keeps a sparse array as a table, which takes no memory for what is not there. */
const TABLE_LENGTH = 0x200_0000
const SPARSE_ARRAY = 0x61
const HEADER_BYTES = 2

const code = (character: string) => character.charCodeAt(0)

/** What opens a list of values, what ends it, and how many numbers follow the end. */
const LISTS: ReadonlyMap<number, { readonly end: number; readonly numbers: number }> = new Map([
  [code('o'), { end: code('{'), numbers: 1 }],
  [code('A'), { end: code('$'), numbers: 2 }],
  [code('a'), { end: code('@'), numbers: 2 }],
  [code(';'), { end: code(':'), numbers: 1 }],
  [code("'"), { end: code(','), numbers: 1 }],
])
/** Levels that no tag ends by itself: the fields of an error, and one single value. */
const ERROR = -1
const ONE = -2

/**
 * Reads a structured clone. A sparse array of n elements is a handful of bytes and takes 8 n in memory before V8 has read one of them:
 * six such arrays end a process. So a clone whose arrays announce far more elements than it has bytes is refused with `NotCloneable`.
 * Throws what V8 throws where it is no clone.
 */
export function readClone(bytes: Uint8Array): unknown {
  const most = SPARE_ELEMENTS + ELEMENTS_PER_BYTE * bytes.length
  // Nearly every clone ends here: what looks like such an array may be one, or text, or bytes.
  if (lookingSparse(bytes, most) > most) refuseAbove(most, new CloneWalk(bytes).sparseElements())
  return deserialize(bytes)
}

function refuseAbove(most: number, elements: number): void {
  if (elements <= most) return
  throw new MillraceError(
    'NotCloneable',
    `a value with arrays of ${elements} elements, nearly none of which are there: fill them, shorten them, or send a Map`,
  )
}

/** The elements of all that looks like a sparse array, wherever it stands; counted no further than beyond `most`. */
function lookingSparse(bytes: Uint8Array, most: number): number {
  let elements = 0
  for (let at = 0; at < bytes.length - 1 && elements <= most; at++) {
    if (bytes[at] !== SPARSE_ARRAY) continue
    const length = varint(bytes, at + 1)
    if (length < TABLE_LENGTH) elements += length
  }
  return elements
}

/** A number of V8's: 7 bits a byte, the lowest first. */
function varint(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) return value
    if (shift < 32) value |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  return value >>> 0
}

/** Goes through a clone tag by tag, as V8's `ValueDeserializer` does (`src/objects/value-serializer.cc`), and makes nothing. */
class CloneWalk {
  private at = HEADER_BYTES
  private elements = 0
  private readonly levels: number[] = [ONE]
  private readonly numbersAtEnd: number[] = []

  constructor(private readonly bytes: Uint8Array) {}

  /** Throws where the clone ends early, or holds what this does not know. */
  sparseElements(): number {
    const { bytes, levels } = this
    const ours = serialize(0)
    if (bytes[0] !== ours[0] || bytes[1] !== ours[1]) throw new RangeError('a clone of another version')
    while (levels.length > 0) {
      const tag = this.tag()
      const level = levels[levels.length - 1]
      if (level === ERROR) this.errorField(tag)
      else if (tag === level) this.listEnded()
      else this.value(tag)
    }
    return this.elements
  }

  private value(tag: number): void {
    const list = LISTS.get(tag)
    if (list !== undefined) {
      this.listBegan(tag)
      this.levels.push(list.end)
      this.numbersAtEnd.push(list.numbers)
    } else if (tag === code('r')) this.levels.push(ERROR)
    else if (this.leaf(String.fromCharCode(tag))) this.valueEnded()
  }

  private listBegan(tag: number): void {
    if (tag === code('A')) this.number()
    if (tag !== SPARSE_ARRAY) return
    const length = this.number()
    if (length < TABLE_LENGTH) this.elements += length
  }

  private listEnded(): void {
    this.levels.pop()
    for (let numbers = this.numbersAtEnd.pop() ?? 0; numbers > 0; numbers--) this.number()
    this.valueEnded()
  }

  private valueEnded(): void {
    while (this.levels[this.levels.length - 1] === ONE) this.levels.pop()
  }

  private errorField(tag: number): void {
    if (tag === code('.')) {
      this.levels.pop()
      this.valueEnded()
    } else if (tag === code('c') || tag === code('m') || tag === code('s')) this.levels.push(ONE)
  }

  /** Skips what is no list. False: the value itself follows. */
  private leaf(tag: string): boolean {
    switch (tag) {
      case '-':
      case '_':
      case '0':
      case 'T':
      case 'F':
      case 'y':
      case 'x':
        return true
      case 'I':
      case 'U':
      case '^':
      case 't':
      case 'u':
      case 'w':
      case 'p':
        this.number()
        return true
      case 'N':
      case 'D':
      case 'n':
        this.skip(8)
        return true
      case 'Z':
      case 'z':
        this.skip(this.number() >>> 1)
        return true
      case '"':
      case 'c':
      case 'S':
        this.skip(this.number())
        return true
      case 'R':
        this.text()
        this.number()
        return true
      case 'B':
      case '~':
        this.buffer(tag)
        return true
      case '\\':
        // Node's own: the type of a view, its length, its bytes.
        this.number()
        this.skip(this.number())
        return true
      case 's':
        return false
      case '?':
        this.number()
        return false
      default:
        throw new RangeError(`an unknown tag in a clone: ${JSON.stringify(tag)}`)
    }
  }

  private text(): void {
    const tag = this.tag()
    if (tag !== code('"') && tag !== code('c') && tag !== code('S')) throw new RangeError('a clone without a text where one is due')
    this.skip(this.number())
  }

  private buffer(tag: string): void {
    const length = this.number()
    if (tag === '~') this.number()
    this.skip(length)
    const before = this.at
    // A view of it may follow: its type, offset, length and flags.
    if (this.at < this.bytes.length && this.tag() === code('V')) {
      this.skip(1)
      for (let numbers = 3; numbers > 0; numbers--) this.number()
    } else this.at = before
  }

  /** The next tag, behind the padding of texts. */
  private tag(): number {
    for (;;) {
      this.skip(1)
      const tag = this.bytes[this.at - 1]
      if (tag !== 0) return tag
    }
  }

  private number(): number {
    const value = varint(this.bytes, this.at)
    while (this.bytes[this.at] >= 0x80) this.at++
    this.skip(1)
    return value
  }

  private skip(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw new RangeError('a clone that ends early')
  }
}
