import { assertNever } from '../base/errors.ts'
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
  for (const keyword of Object.keys(schema)) {
    const fits = keywordFit(keyword as keyof Schema, schema)
    if (fits !== null) found.push(fits)
  }
  return found
}

/** What a keyword asks for; null for one that is part of another or asks for nothing. */
function keywordFit(keyword: keyof Schema, schema: Schema): Fit | null {
  switch (keyword) {
    case '$ref':
      return fitOf(referencedSchema(schema.$ref!))
    case 'type':
      return typeFit(schema.type!)
    case 'const':
      return (value) => value === schema.const
    case 'enum': {
      const options = new Set(schema.enum)
      return (value) => options.has(value)
    }
    case 'minLength':
      return (value) => typeof value !== 'string' || value.length >= schema.minLength!
    case 'maxLength':
      return (value) => typeof value !== 'string' || value.length <= schema.maxLength!
    case 'pattern': {
      const form = new RegExp(schema.pattern!, 'u')
      return (value) => typeof value !== 'string' || form.test(value)
    }
    case 'minimum':
      return (value) => typeof value !== 'number' || value >= schema.minimum!
    case 'maximum':
      return (value) => typeof value !== 'number' || value <= schema.maximum!
    case 'exclusiveMinimum':
      return (value) => typeof value !== 'number' || value > schema.exclusiveMinimum!
    case 'minItems':
      return (value) => !Array.isArray(value) || value.length >= schema.minItems!
    case 'prefixItems':
      return prefixFit(schema.prefixItems!)
    case 'items':
      return itemsFit(schema.items!, schema.prefixItems?.length ?? 0)
    case 'required':
      return requiredFit(schema.required!)
    case 'properties':
      return recordFit(schema.properties!, schema.additionalProperties ?? true)
    case 'additionalProperties':
      return schema.properties === undefined ? mapFit(schema.additionalProperties!) : null
    case 'anyOf': {
      const options = schema.anyOf!.map(fitOf)
      return (value) => options.some((fits) => fits(value))
    }
    case 'if':
      return branchFit(schema.if!, schema.then, schema.else)
    case 'then':
    case 'else':
    case '$defs':
      return null
    default:
      return assertNever(keyword)
  }
}

function typeFit(type: string | readonly string[]): Fit {
  if (typeof type !== 'string') return (value) => type.some((name) => isOfType(name, value))
  // What a document has by the thousand.
  if (type === 'string') return (value) => typeof value === 'string'
  if (type === 'object') return isObject
  return (value) => isOfType(type, value)
}

function prefixFit(schemas: readonly Schema[]): Fit {
  return (value) => {
    if (!Array.isArray(value)) return true
    for (let index = 0; index < schemas.length && index < value.length; index += 1)
      if (!fitOf(schemas[index]!)(value[index])) return false
    return true
  }
}

/** @param from - the first element the schema is for */
function itemsFit(schema: Schema | boolean, from: number): Fit {
  return (value) => {
    if (!Array.isArray(value) || value.length <= from) return true
    const fits = fitOf(schema)
    for (let index = from; index < value.length; index += 1) if (!fits(value[index])) return false
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
