import type { Row } from '../../columnar/schema.js'
import { jsonLine } from './json-text.js'
import type { RowEncoder } from './row-encoder.js'

/** JSON, one row a line. */
export class JsonEncoder implements RowEncoder {
  readonly #blockBytes: number
  #text = ''

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  add(row: Readonly<Row>): boolean {
    this.#text += jsonLine(row)
    return this.#text.length >= this.#blockBytes
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    return bytes
  }

  end(): Uint8Array {
    return this.take()
  }
}
