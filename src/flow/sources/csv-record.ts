/** What stands around and between fields, as bytes. */
export interface CsvMarks {
  readonly delimiter: Buffer
  readonly quote: Buffer
  /** Two quotes: without them no field is an empty one in quotes. */
  readonly quotes: Buffer
}

export function csvMarks({ delimiter, quote }: { readonly delimiter: string; readonly quote: string }): CsvMarks {
  return { delimiter: Buffer.from(delimiter), quote: Buffer.from(quote), quotes: Buffer.from(quote + quote) }
}

/** Where a record stands. */
interface Place {
  /** What it is read from, where its first field begins there, and where its line ends. */
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  /** Of its first byte, in the file. */
  readonly offset: number
  /** Of its last one, from 1. */
  readonly line: number
}

const NONE: ReadonlySet<number> = new Set()

/** A record that was read: the texts of its fields, which do not tell an empty field from an empty text in quotes; the record does. */
export class CsvRecord {
  readonly fields: readonly string[]
  readonly offset: number
  readonly line: number
  readonly #place: Place
  readonly #marks: CsvMarks
  #quoted: ReadonlySet<number> | undefined

  constructor(fields: readonly string[], place: Place, marks: CsvMarks) {
    this.fields = fields
    this.offset = place.offset
    this.line = place.line
    this.#place = place
    this.#marks = marks
  }

  /** A line without anything. */
  get isBlank(): boolean {
    return this.fields.length === 1 && this.isNull(0)
  }

  /** Whether a field is empty, and not the empty text in quotes. */
  isNull(field: number): boolean {
    return this.fields[field] === '' && !this.#quotedFields().has(field)
  }

  #quotedFields(): ReadonlySet<number> {
    if (this.#quoted === undefined) {
      const { bytes, from, to } = this.#place
      const own = bytes.subarray(from, to)
      this.#quoted = own.includes(this.#marks.quotes) ? quotedFields(own, this.#marks) : NONE
    }
    return this.#quoted
  }
}

/** The fields of a whole record that stand in quotes. */
function quotedFields(bytes: Buffer, { delimiter, quote }: CsvMarks): ReadonlySet<number> {
  const found = new Set<number>()
  let at = 0
  for (let field = 0; at <= bytes.length; field++) {
    if (isAt(bytes, at, quote)) {
      found.add(field)
      at = behindQuotes(bytes, at, quote)
    }
    const end = bytes.indexOf(delimiter, at)
    if (end < 0) break
    at = end + delimiter.length
  }
  return found
}

function behindQuotes(bytes: Buffer, from: number, quote: Buffer): number {
  let at = from + quote.length
  for (;;) {
    const end = bytes.indexOf(quote, at)
    if (end < 0) return bytes.length
    at = end + quote.length
    if (!isAt(bytes, at, quote)) return at
    at += quote.length
  }
}

function isAt(bytes: Buffer, at: number, mark: Buffer): boolean {
  for (let i = 0; i < mark.length; i++) if (bytes[at + i] !== mark[i]) return false
  return true
}
