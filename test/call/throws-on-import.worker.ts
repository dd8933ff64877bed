import { serve } from '../../src/index.js'

throw new RangeError('thrown on import', { cause: 'for the test' })

export default serve({ never: () => 1 })
