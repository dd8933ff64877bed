import type { LinkFactory } from '../support/links.js'
import { callsContract } from './calls.contract.js'
import { subject } from './contract.js'
import { endContract } from './end.contract.js'
import { lifeContract } from './life.contract.js'
import { messagesContract } from './messages.contract.js'
import { violationsContract } from './violations.contract.js'

/** All that streams must do over any kind of link. */
export function streamsContract(name: string, factory: LinkFactory, ringBytes: number, holdsBack = true): void {
  const one = subject(name, factory, ringBytes, holdsBack)
  lifeContract(one)
  messagesContract(one)
  callsContract(one)
  violationsContract(one)
  endContract(one)
}
