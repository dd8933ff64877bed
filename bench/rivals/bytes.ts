/** So many messages of so many bytes each. */
export interface Load {
  readonly count: number
  readonly bytes: number
}

/** Another process that sends messages, and how this one reads them. */
export interface ByteRival {
  /** Resolves with the bytes that came, once all messages have. */
  read(load: Load): Promise<number>
  stop(): Promise<unknown>
}

export type StartByteRival = () => Promise<ByteRival>
