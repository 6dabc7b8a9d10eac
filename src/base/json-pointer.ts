/** One segment of a JSON Pointer as it stands in the pointer: `~` and `/` escaped. */
export function escapeSegment(segment: string | number): string {
  const text = String(segment)
  return text.includes('~') || text.includes('/') ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text
}

/**
 * The JSON Pointer with these segments; none gives `''`, the whole document.
 *
 * @example pointer('rows', 0, 'a/b') // '/rows/0/a~1b'
 * @see RFC 6901
 */
export function pointer(...segments: readonly (string | number)[]): string {
  let text = ''
  for (const segment of segments) text += `/${escapeSegment(segment)}`
  return text
}

/**
 * The segments of a JSON Pointer, unescaped.
 *
 * @returns null when the text is no JSON Pointer: it neither is empty nor begins with `/`, or has a `~` before anything but 0 or 1
 */
export function pointerSegments(text: string): string[] | null {
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null
  const segments = text.slice(1).split('/')
  return text.includes('~') ? segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~')) : segments
}

/** An array index as RFC 6901 spells it: no sign, no leading zero. */
const INDEX = /^(?:0|[1-9]\d{0,15})$/

/**
 * What a JSON Pointer leads to, over own members alone: a step never reaches a prototype, a length, or a part of a string.
 *
 * @returns undefined when nothing stands there or the text is no pointer
 */
export function resolvePointer(tree: unknown, text: string): unknown {
  const segments = pointerSegments(text)
  if (segments === null) return undefined
  let at: unknown = tree
  for (const segment of segments) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined
    if (Array.isArray(at) && !INDEX.test(segment)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[segment]
  }
  return at
}
