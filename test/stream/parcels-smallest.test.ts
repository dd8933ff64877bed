import { LIMITS } from '../../src/base/limits.js'
import { streamsContract } from '../contract/streams.contract.js'
import { parcelLink } from '../support/links.js'

streamsContract('parcels', parcelLink, LIMITS.ringBytesMin)
