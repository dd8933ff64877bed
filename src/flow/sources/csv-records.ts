import { type CsvError, type Parser, parse } from 'csv-parse'
import { type CsvMarks, CsvRecord, csvMarks } from './csv-record.js'

/** A quote that is never closed would take in the rest of its file. */
const RECORD_BYTES_MAX = 0x100_0000
/** Parsed at once: some milliseconds. */
const STEP_BYTES = 0x1_0000
const BOM = Buffer.from('\ufeff')

/** A row whose quotes are broken, or that is too long. */
export interface BrokenRecord {
  readonly problem: string
  /** Of its first byte, in the file. */
  readonly offset: number
  readonly line: number
}

interface Parsed {
  readonly fields: readonly string[]
  /** Where it ends, and at which line: as the parser counts. */
  readonly end: number
  readonly line: number
}

interface Failure {
  readonly problem: string
  /** Where the field that is broken begins, as the parser counts. */
  readonly at: number
}

/**
 * The records of CSV text that comes in pieces, step by step. Behind a broken record it goes on in the line after the one in which its broken
 * field begins, as if a file began there.
 */
export class CsvRecords {
  readonly #options: { readonly delimiter: string; readonly quote: string }
  readonly #marks: CsvMarks
  /** What ends lines: also behind a carriage return, or that alone. */
  #newline: '\n' | '\r' = '\n'
  #isBegun = false
  #isBehindBroken = false
  #parser: Parser | undefined
  /** Of what the parser was given: the byte of the file, and the lines before it. */
  #base = 0
  #linesBefore = 0
  /** Where the parser's last record ended, and at which line. */
  #end = 0
  #line = 0
  /** Bytes since then. */
  #tail: Buffer[] = []
  /** Bytes that are to be parsed. */
  #queue: Buffer[] = []
  #found: Parsed[] = []
  #failure: Failure | undefined

  constructor({ delimiter, quote }: { readonly delimiter: string; readonly quote: string }) {
    this.#options = { delimiter, quote }
    this.#marks = csvMarks({ delimiter, quote })
  }

  /** More of the text, which stays as it is. */
  add(bytes: Buffer): void {
    if (!this.#isBegun && !bytes.includes('\n') && bytes.includes('\r')) this.#newline = '\r'
    this.#isBegun = true
    this.#queue.push(...stepsOf(bytes))
  }

  /** The next records, of which there may be none; undefined when all that was added is parsed. */
  step(): (CsvRecord | BrokenRecord)[] | undefined {
    const bytes = this.#queue.shift()
    if (bytes === undefined) return undefined
    const rest = this.#parser === undefined ? this.#begin(bytes) : bytes
    if (rest === undefined || this.#parser === undefined) return []
    this.#tail.push(rest)
    this.#parser.write(rest)
    return this.#taken()
  }

  /** There is no more text: the last records. What is behind a broken one is to be parsed again, by `step` until it gives none; then this is asked again. */
  async finish(): Promise<(CsvRecord | BrokenRecord)[] | undefined> {
    const parser = this.#parser
    if (parser === undefined) return undefined
    this.#parser = undefined
    await new Promise<void>((resolve) => {
      parser.once('error', () => resolve())
      parser.end(resolve)
    })
    return this.#taken()
  }

  /** Begins: behind a broken record with the next line, if it is there. Gives what is left of the bytes. */
  #begin(bytes: Buffer): Buffer | undefined {
    if (!this.#isBehindBroken) {
      this.#parser = this.#open(true)
      return bytes
    }
    const end = bytes.indexOf(this.#newline)
    this.#base += end < 0 ? bytes.length : end + 1
    if (end < 0) return undefined
    this.#linesBefore++
    this.#parser = this.#open(false)
    return bytes.subarray(end + 1)
  }

  #open(bom: boolean): Parser {
    const { delimiter, quote } = this.#options
    const parser = parse({
      delimiter,
      quote,
      escape: quote,
      bom,
      record_delimiter: this.#newline === '\r' ? ['\r'] : ['\r\n', '\n'],
      // The length of rows is looked at elsewhere: a blank line is a row of one empty field.
      relax_column_count: true,
      max_record_size: RECORD_BYTES_MAX,
      skip_records_with_error: true,
      on_skip: (error) => {
        this.#failure ??= failureOf(error)
        // Else it would go on with a record of which nobody knows where it ends.
        throw error
      },
    })
    // It was told already.
    parser.on('error', () => {})
    // Its own option for where records end, `info`, takes as long as all the rest.
    parser.push = (fields: readonly string[] | null) => {
      if (fields !== null) this.#found.push({ fields, end: parser.info.bytes, line: parser.info.lines })
      return true
    }
    return parser
  }

  #taken(): (CsvRecord | BrokenRecord)[] {
    const found = this.#found
    const failure = this.#failure
    if (found.length === 0 && failure === undefined) return []
    const bytes = this.#tail.length === 1 ? this.#tail[0] : Buffer.concat(this.#tail)
    const from = this.#end
    const records: (CsvRecord | BrokenRecord)[] = found.map(({ fields, end, line }) => {
      const offset = this.#base + this.#end
      const start = this.#end - from
      const place = { bytes, from: start + (offset === 0 ? markBytes(bytes) : 0), to: end - from, offset, line: this.#linesBefore + line }
      this.#end = end
      this.#line = line
      return new CsvRecord(fields, place, this.#marks)
    })
    this.#tail = [bytes.subarray(this.#end - from)]
    this.#found = []
    this.#failure = undefined
    if (failure !== undefined) records.push(this.#broken(failure))
    return records
  }

  /** Goes on in the line behind that in which the broken field begins. */
  #broken({ problem, at }: Failure): BrokenRecord {
    const [left] = this.#tail
    const field = at - this.#end
    const linesBefore = this.#linesBefore + this.#line + this.#linesIn(left.subarray(0, field))
    const broken = { problem, offset: this.#base + this.#end, line: linesBefore + 1 }
    this.#queue.unshift(...stepsOf(left.subarray(field)))
    this.#parser = undefined
    this.#isBehindBroken = true
    this.#linesBefore = linesBefore
    this.#base += at
    this.#end = 0
    this.#line = 0
    this.#tail = []
    return broken
  }

  #linesIn(bytes: Buffer): number {
    let lines = 0
    for (let at = bytes.indexOf(this.#newline); at >= 0; at = bytes.indexOf(this.#newline, at + 1)) lines++
    return lines
  }
}

const PROBLEMS: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text behind a closing quote',
  INVALID_OPENING_QUOTE: 'a quote in the midst of a field',
  CSV_MAX_RECORD_SIZE: `a row of more than ${RECORD_BYTES_MAX} bytes`,
}

function failureOf(error: CsvError | undefined): Failure {
  const { code = '', bytes, message } = error as CsvError & { readonly bytes: number }
  return { problem: PROBLEMS[code] ?? message, at: bytes }
}

function* stepsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += STEP_BYTES) yield bytes.subarray(at, at + STEP_BYTES)
}

/** A byte order mark at the beginning of a file is none of its first field. */
function markBytes(bytes: Buffer): number {
  return bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0
}
