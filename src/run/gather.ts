import { type Encoded, encodedText } from '../base/encoded.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { MapDefinition } from '../workflow/definition.ts'
import type { ItemsState } from './parts.ts'

/**
 * The output of a map node: what its items gave, in item order. Texts are joined, no value is walked again; that a value
 * does not refer to a place inside itself, which would be another one here, is for the caller to see.
 */
export function gatherItems({ onItemError = 'fail' }: MapDefinition, { list }: ItemsState): Encoded {
  const texts: string[] = []
  for (const { status, output, error } of list) {
    if (status === 'completed') {
      const text = encodedText(output!)
      texts.push(onItemError === 'settle' ? `{"status":"completed","value":${text}}` : text)
    } else if (onItemError === 'settle') {
      texts.push(`{"status":"failed","error":${JSON.stringify(shownError(error!))}}`)
    }
  }
  return { json: `[${texts.join(',')}]` }
}

/** What a settled list says of the failure of an item. */
export function shownError({
  name,
  message,
  code,
}: SerializedError): Pick<SerializedError, 'name' | 'message' | 'code'> {
  return code === undefined ? { name, message } : { name, message, code }
}
