// Answers an offer from outside, while no process runs its order. The answer is recorded, or refused and nothing is changed.
// The engine has no workflow here, so the order does not go on: that is left to whoever takes it up.
// node examples/approval/answer.mjs <folder> <run id> <answer as JSON>
import { createEngine, isWaystoneError } from 'waystone'
import { fileStore } from 'waystone/store/file'

const [folder, runId, answer] = process.argv.slice(2)
const store = fileStore(folder)
const engine = createEngine({ store })
try {
  await engine.signal(runId, 'answer', JSON.parse(answer))
  console.log('recorded')
} catch (error) {
  if (!isWaystoneError(error, 'SIGNAL_INVALID')) throw error
  console.log(`refused, ${error.code}: ${error.message}`)
} finally {
  await store.close()
}
