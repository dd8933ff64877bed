import { serve } from 'millrace'

/** As little as the bare rival is: `rivals/port.worker.ts`. */
export default serve({ echo: (value: number): number => value })
