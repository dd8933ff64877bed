import { isMainThread } from 'node:worker_threads'
import { serve } from '../../src/index.js'

// The import of this module never ends, and its thread hears nothing.
while (!isMainThread);

export default serve({ echo: (value: unknown) => value })
