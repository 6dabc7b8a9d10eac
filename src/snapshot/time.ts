/** The last instant a date can name, in epoch ms. What lies beyond means the same to a run: never. */
const LAST_INSTANT = 8.64e15

const TIME = /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/

/** The instant written last: many times of a run are the same, or follow one another. */
let lastAt = Number.NaN
let lastText = ''

/**
 * An instant as a document has it: ISO 8601 in UTC with milliseconds.
 * @param at - epoch ms; fractions of a millisecond are cut, instants no date can name become the last that can be named
 */
export function isoTime(at: number): string {
  if (at !== lastAt) {
    lastText = new Date(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, at))).toISOString()
    lastAt = at
  }
  return lastText
}

/** {@link isoTime}, or null for null. */
export function isoTimeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at)
}

/** How long it is from an instant to another, 0 once that has passed. */
export function remainingMs(at: number, until: number): number {
  return Math.max(0, Math.trunc(until - at))
}

/**
 * The instant a time of a document names, in epoch ms. Offsets and up to nine digits of a fraction are read; what is
 * finer than a millisecond is cut.
 * @returns null when the text is no such time: another form, a day the calendar does not have, a leap second
 */
export function parseTime(text: string): number | null {
  // What we write ourselves has one form, for which no expression is needed.
  if (text.length === USUAL_TIME_LENGTH) {
    const at = usualTimeAt(text, 0)
    if (at !== null) return at
  }
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

/** {@link parseTime} of a time that was checked, or null for null. */
export function timeOf(text: string | null): number | null {
  return text === null ? null : parseTime(text)
}

/** Characters of a time as we write it. */
export const USUAL_TIME_LENGTH = 24

/** The minute of the time read last, up to the colon before its seconds, and when it began: most times of a run share it. */
let minuteText = '1970-01-01T00:00:'
let minuteAt = 0

/** The time read last. */
let usualAt = 0

/** The instant of a time that stands at a place of a text as we write it, `2026-01-02T03:04:05.678Z`; null for anything unusual. */
export function usualTimeAt(text: string, place: number): number | null {
  if (text.charCodeAt(place + USUAL_TIME_LENGTH - 1) !== 0x5a) return null
  if (!text.startsWith(minuteText, place)) {
    const at = fixedTime(text.slice(place, place + USUAL_TIME_LENGTH))
    // Cut from a text of its own: a part of the document would keep all of it.
    if (at !== null) {
      minuteAt = Math.floor(at / 60_000) * 60_000
      minuteText = new Date(minuteAt).toISOString().slice(0, MINUTE_LENGTH)
    }
    return at
  }
  if (text.charCodeAt(place + 19) !== 0x2e) return null
  const tens = text.charCodeAt(place + 17) - 0x30
  const ones = text.charCodeAt(place + 18) - 0x30
  const tenths = text.charCodeAt(place + 20) - 0x30
  const hundredths = text.charCodeAt(place + 21) - 0x30
  const thousandths = text.charCodeAt(place + 22) - 0x30
  if (!(tens >= 0 && tens <= 5 && isDecimal(ones) && isDecimal(tenths))) return null
  if (!(isDecimal(hundredths) && isDecimal(thousandths))) return null
  const at = minuteAt + (tens * 10 + ones) * 1000 + tenths * 100 + hundredths * 10 + thousandths
  // The number itself, not one equal to it: many nodes end in one millisecond, and each number would take room of its own.
  if (at !== usualAt) usualAt = at
  return usualAt
}

function isDecimal(digit: number): boolean {
  return digit >= 0 && digit <= 9
}

/** Characters of a time before its seconds. */
const MINUTE_LENGTH = 17

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** {@link usualTimeAt} in any minute. */
function fixedTime(text: string): number | null {
  if (
    text[4] !== '-' ||
    text[7] !== '-' ||
    text[10] !== 'T' ||
    text[13] !== ':' ||
    text[16] !== ':' ||
    text[19] !== '.'
  ) {
    return null
  }
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  const milliseconds = digits(text, 20, 23)
  // Date.UTC takes the years 0 to 99 for others; the last days of February are left to the calendar.
  const isUsual = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1]!
  if (!isUsual || !(hour <= 23) || !(minute <= 59) || !(second <= 59)) return null
  const at = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  return Number.isNaN(at) ? null : at
}

/** The number some digits spell; NaN, which compares with nothing, when there is another character. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 0x30
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}
