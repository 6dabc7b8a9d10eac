/** The snapshot schema 1.0.0, compiled: whether a document fits. Stops at the first violation. */
export function validateSnapshot(document: unknown): boolean

/** JSON text of the schemas themselves, `[snapshot, workflow]`, without the words for people. */
export const schemasText: string
