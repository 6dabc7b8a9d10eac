/** A member of a document this version does not know, kept as it came: name and compact JSON text. */
export type UnknownMember = readonly [name: string, text: string]
