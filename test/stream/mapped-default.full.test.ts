import { test } from 'node:test'
import { LIMITS } from '../../src/base/limits.js'
import { streamsContract } from '../contract/streams.contract.js'
import { mappedLink, noMappedMemory } from '../support/far-links.js'

if (noMappedMemory === false) streamsContract('mapped', mappedLink, LIMITS.ringBytesDefault)
else test('streams over memory that processes share', { skip: noMappedMemory }, () => {})
