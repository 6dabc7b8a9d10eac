import { createHash } from 'node:crypto'

/** Compact text of a document with the digest of its content, whatever the content is. */
export function sealed(document: object): string {
  const { integrity: _, ...content } = document as Record<string, unknown>
  const text = JSON.stringify(content)
  const digest = createHash('sha256').update(text, 'utf8').digest('hex')
  return `${text.slice(0, -1)},"integrity":{"algorithm":"sha256","digest":"${digest}"}}`
}
