import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import worstRoutes, { FLIGHTS } from '../../examples/flights/stages.js'
import { equalsOneThread } from './support.js'

equalsOneThread('routes of all flights', worstRoutes, () => worstRoutesInOneThread(FLIGHTS))
