/** Anything JSON can hold; numbers are finite. */
export type JsonValue = JsonPrimitive | readonly JsonValue[] | JsonObject

/** A JSON value without parts. */
export type JsonPrimitive = null | boolean | number | string

/** A plain object whose members are JSON. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/**
 * A map from names chosen by users to values, safe for every name.
 * It has no prototype, so `__proto__`, `constructor` and the empty name are ordinary keys. Make one with {@link dictionary}.
 */
export type Dictionary<T> = Record<string, T>

/** An empty {@link Dictionary}. */
export function dictionary<T>(): Dictionary<T> {
  return Object.create(null) as Dictionary<T>
}
