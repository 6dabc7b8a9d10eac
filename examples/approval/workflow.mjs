// The order: an offer, a person's answer to it within some time, and one of three ends.
import { route, waitForSignal, workflow } from 'waystone'

/** What an answer has to look like; another is refused before it is recorded. */
const answerSchema = {
  type: 'object',
  properties: { isAccepted: { type: 'boolean' }, by: { type: 'string', minLength: 1 } },
  required: ['isAccepted', 'by'],
  additionalProperties: false,
}

/** Its runs take the input `{ article, pieces, centsEach, answerWithinMs }`. */
export const order = workflow('order', '1.0.0')
  .node('offer', (_, { input, variables }) => {
    const { article, pieces, centsEach, answerWithinMs } = input
    const offer = { article, pieces, cents: pieces * centsEach, answerWithinMs }
    variables.set('offer', offer)
    return offer
  })
  .node(
    'answer',
    ['offer'],
    waitForSignal({
      name: 'answer',
      schema: answerSchema,
      timeoutMs: { path: '/offer/answerWithinMs' },
      onTimeout: 'route',
    }),
  )
  .node('verdict', [{ source: 'answer', sourceHandle: 'received' }], ({ answer }) =>
    route(answer.isAccepted ? 'accepted' : 'declined', answer),
  )
  .node('deliver', [{ source: 'verdict', sourceHandle: 'accepted' }], ({ verdict }, { variables, counters }) => {
    const { article, pieces, cents } = variables.get('offer')
    counters.add('cents', cents)
    return `${verdict.by} accepted: ${pieces} ${article} for ${cents} cents are on the way`
  })
  .node('close', [{ source: 'verdict', sourceHandle: 'declined' }], ({ verdict }) => `${verdict.by} declined`)
  .node('lapse', [{ source: 'answer', sourceHandle: 'timeout' }], () => 'nobody answered in time, the offer has lapsed')
  // Of the three ends one is taken; the others are skipped, and are no inputs.
  .node('end', ['deliver', 'close', 'lapse'], ({ deliver, close, lapse }) => deliver ?? close ?? lapse)
  .build()
