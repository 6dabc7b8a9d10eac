/** The last instant a date can name, in epoch ms. What lies beyond means the same to a run: never. */
const LAST_INSTANT = 8.64e15

const TIME = /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/

/**
 * An instant as a document has it: ISO 8601 in UTC with milliseconds.
 * @param at - epoch ms; fractions of a millisecond are cut, instants no date can name become the last that can be named
 */
export function isoTime(at: number): string {
  return new Date(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, at))).toISOString()
}

/** {@link isoTime}, or null for null. */
export function isoTimeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at)
}

/**
 * The instant a time of a document names, in epoch ms. Offsets and up to nine digits of a fraction are read; what is
 * finer than a millisecond is cut.
 * @returns null when the text is no such time: another form, a day the calendar does not have, a leap second
 */
export function parseTime(text: string): number | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  if (year === '-000000' || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return null
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; setUTCFullYear does not.
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null
  date.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, '0').slice(0, 3)))
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1)
  const at = date.getTime() - offsetMs
  return Number.isNaN(at) || Math.abs(at) > LAST_INSTANT ? null : at
}
