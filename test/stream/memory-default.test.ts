import { LIMITS } from '../../src/base/limits.js'
import { streamsContract } from '../contract/streams.contract.js'
import { memoryLink } from '../support/links.js'

streamsContract('memory', memoryLink, LIMITS.ringBytesDefault)
