import { LIMITS } from '../../src/base/limits.js'
import { streamsContract } from '../contract/streams.contract.js'
import { ringLink } from '../support/links.js'

streamsContract('ring', ringLink, LIMITS.ringBytesDefault)
