import { type MessagePort, workerData } from 'node:worker_threads'
import { runBlocking, runOnEventLoop, type Traffic, TrafficWriter } from './traffic.js'

const { traffic, bell } = workerData as { traffic: Traffic; bell: MessagePort | undefined }
const writer = new TrafficWriter(traffic)
if (bell === undefined) runBlocking(writer)
else {
  await runOnEventLoop(writer, bell)
  bell.close()
}
