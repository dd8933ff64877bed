import { serve } from 'millrace'

export default serve({ double: (n: number): number => 2 * n })
