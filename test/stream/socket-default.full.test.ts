import { LIMITS } from '../../src/base/limits.js'
import { streamsContract } from '../contract/streams.contract.js'
import { useSocketLinks } from '../support/far-links.js'

streamsContract('socket', useSocketLinks(), LIMITS.ringBytesDefault, false)
