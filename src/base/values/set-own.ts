/** Sets an own property: by assignment only where nothing on the prototype chain answers to the key. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key in object) Object.defineProperty(object, key, { value, configurable: true, writable: true, enumerable: true })
  else (object as Record<string, unknown>)[key] = value
}
