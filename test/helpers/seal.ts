import { createHash } from 'node:crypto'

/** Compact text of a document with the digest of its content, whatever the content is. */
export function sealed(document: object): string {
  const { integrity: _, ...content } = document as Record<string, unknown>
  return sealedText(JSON.stringify(content))
}

/** A compact text without `integrity`, with it. */
export function sealedText(content: string): string {
  const digest = createHash('sha256').update(content, 'utf8').digest('hex')
  return `${content.slice(0, -1)},"integrity":{"algorithm":"sha256","digest":"${digest}"}}`
}
