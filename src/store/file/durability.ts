/**
 * When an append is acknowledged, and so what it survives.
 * - `sync` (default): once it is on disk; survives the end of the process and loss of power. Appends, of whatever runs,
 *   that are ready in one turn or wait while the disk is busy share one sync; a lone one waits for nobody.
 * - `batch`: once it is on disk too, but the disk is asked at most every `batchMs` for all that came in meanwhile;
 *   survives the same, acknowledges later, costs fewer syncs.
 * - `exit`: once the operating system has it; survives the end of the process, not loss of power.
 */
export type Durability = 'sync' | 'batch' | 'exit'
