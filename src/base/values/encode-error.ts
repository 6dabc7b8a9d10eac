import type { JsonValue } from '../json.ts'
import type { Encoder } from './encode.ts'
import type { Place } from './encoding.ts'
import { defaultErrorName, errorClass } from './error-family.ts'

/**
 * Encodes an error: its nearest known class, message, name, cause, errors, and its own enumerable properties as `props`.
 * What is enumerable on the error is in `props`, whatever its name, and comes back enumerable; the rest comes back as the
 * language makes it. A `code` is kept wherever it stands. The stack is never kept: it holds paths of the machine.
 */
export function encodeError(encoder: Encoder, error: Error, place: Place, depth: number): JsonValue {
  const { encoding } = encoder
  const className = errorClass(error)
  const own = Object.keys(error).filter((key) => key !== 'stack')
  const props = new Map<string, unknown>(
    own.map((key) => [key, encoder.read(error, key, { parent: place, key: 'props' })]),
  )
  const member = (key: string): unknown => (props.has(key) ? props.get(key) : encoder.read(error, key, place))
  const isHidden = (key: string): boolean => !props.has(key) && Object.hasOwn(error, key)

  const message = member('message')
  const name = member('name')
  const hasName =
    typeof name === 'string' &&
    name !== defaultErrorName(className) &&
    (!props.has('name') || className === 'DOMException')
  for (const [key, value] of [['message', message] as const, ['name', name] as const]) {
    if (typeof value !== 'string' && isHidden(key)) props.set(key, value)
  }
  const code = className === 'DOMException' ? undefined : member('code')
  if ((typeof code === 'string' || typeof code === 'number' || isHidden('code')) && !props.has('code'))
    props.set('code', code)
  const members = (hasName ? ['name'] : []).concat(
    ['cause', 'errors'].filter(isHidden),
    props.size > 0 ? ['props'] : [],
  )

  encoding.count(place, depth, 3 + members.length, 0)
  const text = encoding.string(typeof message === 'string' ? message : '', { parent: place, key: 'message' }, depth + 1)
  const tree: Record<string, JsonValue> = { '#type': 'Error', class: className, message: text }
  for (const key of members) {
    const at: Place = { parent: place, key }
    tree[key] =
      key === 'props'
        ? encoder.members(ownMembers(props), at, depth + 1)
        : encoder.value(key === 'name' ? name : encoder.read(error, key, place), at, depth + 1)
  }
  return tree
}

function ownMembers(props: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(props)
}
