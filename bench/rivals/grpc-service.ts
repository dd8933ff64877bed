import type { Load } from './bytes.js'

/** One method: a load, and the messages of it as a stream. */
export const SERVICE = {
  messages: {
    path: '/Bytes/messages',
    requestStream: false,
    responseStream: true,
    requestSerialize: (load: Load): Buffer => Buffer.from(JSON.stringify(load)),
    requestDeserialize: (bytes: Buffer): Load => JSON.parse(bytes.toString()),
    responseSerialize: (bytes: Buffer): Buffer => bytes,
    responseDeserialize: (bytes: Buffer): Buffer => bytes,
  },
} as const
