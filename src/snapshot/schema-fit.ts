import { isObject, isOfType, referencedSchema, type Schema, snapshotSchema } from './schema.ts'

/** Whether a value fits what a schema, or one of its keywords, asks for. */
type Fit = (value: unknown) => boolean

/**
 * Whether a document fits the snapshot schema; stops at the first violation.
 *
 * Each schema becomes a function when the first value meets it, and most documents meet a third of them. Compiled ahead they
 * are five times the text of the schemas, which every import has to read (bench/workloads/start.mjs); compiling them at run
 * time would need `eval`. Recursion follows the document, whose depth is limited.
 */
export function fitsSnapshotSchema(document: unknown): boolean {
  return fitsSchema(snapshotSchema(), document)
}

/** Whether a value fits a part of the snapshot schema. */
export function fitsSchema(schema: Schema, value: unknown): boolean {
  return fitOf(schema)(value)
}

/** Functions of the schemas that a value has met. */
const made = new Map<Schema | boolean, Fit>()

function fitOf(schema: Schema | boolean): Fit {
  let fits = made.get(schema)
  if (fits === undefined) {
    fits = typeof schema === 'boolean' ? () => schema : all(keywordsOf(schema))
    made.set(schema, fits)
  }
  return fits
}

function all(given: readonly Fit[]): Fit {
  const [first, second, third] = given
  if (first === undefined) return () => true
  if (second === undefined) return first
  if (third === undefined) return (value) => first(value) && second(value)
  return (value) => {
    for (const fits of given) if (!fits(value)) return false
    return true
  }
}

function keywordsOf(schema: Schema): readonly Fit[] {
  const found: Fit[] = []
  if (schema.$ref !== undefined) found.push(fitOf(referencedSchema(schema.$ref)))
  if (schema.type !== undefined) found.push(typeFit(schema.type))
  if (schema.const !== undefined) found.push((value) => value === schema.const)
  if (schema.enum !== undefined) {
    const options = new Set(schema.enum)
    found.push((value) => options.has(value))
  }
  if (schema.minLength !== undefined || schema.maxLength !== undefined || schema.pattern !== undefined)
    found.push(textFit(schema))
  if (schema.minimum !== undefined || schema.maximum !== undefined || schema.exclusiveMinimum !== undefined)
    found.push(numberFit(schema))
  if (schema.items !== undefined || schema.prefixItems !== undefined || schema.minItems !== undefined)
    found.push(arrayFit(schema))
  if (schema.required !== undefined) found.push(requiredFit(schema.required))
  if (schema.properties !== undefined) found.push(recordFit(schema.properties, schema.additionalProperties ?? true))
  else if (schema.additionalProperties !== undefined) found.push(mapFit(schema.additionalProperties))
  if (schema.anyOf !== undefined) {
    const options = schema.anyOf.map(fitOf)
    found.push((value) => options.some((fits) => fits(value)))
  }
  if (schema.if !== undefined) found.push(branchFit(schema.if, schema.then, schema.else))
  return found
}

function typeFit(type: string | readonly string[]): Fit {
  if (typeof type !== 'string') return (value) => type.some((name) => isOfType(name, value))
  // What a document has by the thousand.
  if (type === 'string') return (value) => typeof value === 'string'
  if (type === 'object') return isObject
  return (value) => isOfType(type, value)
}

function textFit({ minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern }: Schema): Fit {
  const form = pattern === undefined ? null : new RegExp(pattern, 'u')
  return (value) => {
    if (typeof value !== 'string') return true
    return value.length >= minLength && value.length <= maxLength && (form === null || form.test(value))
  }
}

function numberFit(schema: Schema): Fit {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  const { exclusiveMinimum: above = Number.NEGATIVE_INFINITY } = schema
  return (value) => typeof value !== 'number' || (value >= minimum && value <= maximum && value > above)
}

function arrayFit({ items = true, prefixItems = [], minItems = 0 }: Schema): Fit {
  const count = prefixItems.length
  return (value) => {
    if (!Array.isArray(value)) return true
    if (value.length < minItems) return false
    for (let index = 0; index < count && index < value.length; index += 1)
      if (!fitOf(prefixItems[index]!)(value[index])) return false
    if (items === true || value.length <= count) return true
    const fits = fitOf(items)
    for (let index = count; index < value.length; index += 1) if (!fits(value[index])) return false
    return true
  }
}

/** Own members alone: `toString` is missing in `{}`. */
function requiredFit(names: readonly string[]): Fit {
  return (value) => {
    if (!isObject(value)) return true
    for (const name of names) if (!Object.hasOwn(value, name)) return false
    return true
  }
}

/** An object whose members have names of their own. */
function recordFit(properties: Readonly<Record<string, Schema | boolean>>, others: Schema | boolean): Fit {
  const known = new Map(Object.entries(properties))
  return (value) => {
    if (!isObject(value)) return true
    for (const name of Object.keys(value)) {
      const schema = known.get(name) ?? others
      if (schema !== true && !fitOf(schema)(value[name])) return false
    }
    return true
  }
}

/** An object whose members are all alike. */
function mapFit(schema: Schema | boolean): Fit {
  return (value) => {
    if (!isObject(value)) return true
    const names = Object.keys(value)
    const fits = fitOf(schema)
    for (const name of names) if (!fits(value[name])) return false
    return true
  }
}

function branchFit(test: Schema, then: Schema = {}, otherwise: Schema = {}): Fit {
  return (value) => fitOf(fitOf(test)(value) ? then : otherwise)(value)
}
