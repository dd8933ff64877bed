import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
// @ts-expect-error its types lie beside a file of another name
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { itemsFrom } from './objects.js'

export const api = { items: itemsFrom }

if (parentPort !== null) expose(api, nodeEndpoint(parentPort))
