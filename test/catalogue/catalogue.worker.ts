import { bornInPool } from '../../src/mesh/birth.js'
import { SCENARIOS } from './scenarios.js'
import { Seat, type Terms } from './seat.js'

/** A worker of the catalogue: joins each query that it is invited to with the stages of its scenario. */
const birth = await bornInPool()
if (birth !== undefined) {
  const { side } = birth
  side.ready(
    {
      called: () => {},
      invited: (invitation) => {
        const terms = invitation.plan as Terms
        const session = side.join(invitation, {
          peerEnding: (peer) => {
            if (peer === 0) void session.end()
          },
        })
        SCENARIOS[terms.scenario].stages(new Seat(session, terms))
        session.seal()
      },
      closing: async () => {},
    },
    undefined,
  )
}
