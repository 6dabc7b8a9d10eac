import { encodedText } from '../../base/encoded.ts'
import { defaultCodec } from '../../base/values/codec.ts'

/** A value as compact JSON, with the codec's tags for what JSON has no word for. */
export function valueText(value: unknown): string {
  return encodedText(defaultCodec.encode(value))
}

/** One line of JSON lines; `values` are texts of JSON already, added as members after the others. */
export function jsonLine(members: object, values: Readonly<Record<string, string>> = {}): string {
  const parts = Object.entries(values).map(([name, text]) => `${JSON.stringify(name)}:${text}`)
  const head = JSON.stringify(members).slice(0, -1)
  return `${head}${parts.length > 0 && head !== '{' ? ',' : ''}${parts.join(',')}}\n`
}
