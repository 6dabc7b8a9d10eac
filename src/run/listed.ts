/** Names for a message: the first of them, and how many there are beyond those. Shape: `"a", "b" and 3 more`; `none`. */
export function listed(names: readonly string[], max = 10): string {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, max).map((name) => JSON.stringify(name))
  return `${shown.join(', ')}${names.length > max ? ` and ${names.length - max} more` : ''}`
}
