/** Answers with what it gets: a worker thread and nothing else. */
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', (value: unknown) => parentPort?.postMessage(value))
