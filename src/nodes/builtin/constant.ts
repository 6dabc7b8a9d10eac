import type { Handler } from '../../workflow/handler.ts'
import { dataOf } from './data.ts'

/** Gives the value in its data. Data: `{ value: any JSON }`. */
export const constant: Handler = (_inputs, ctx) => dataOf(ctx, 'constant', ['value'])['value']
