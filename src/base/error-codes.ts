/**
 * The one catalogue of error codes: `DOMAIN_REASON`, stable for ever, each with one sentence on when it is raised.
 * `docs/errors.md` has a heading for each; a test compares both ways.
 */
export const errorCodes = {
  // arguments
  ARGUMENT_INVALID: 'A public function was called with an argument of the wrong kind or out of range.',
  OPTION_UNKNOWN: 'An options object has a member nobody reads.',

  // workflow
  WORKFLOW_INVALID: 'A workflow has problems; all of them are listed in details.problems.',
  WORKFLOW_SYNTAX: 'The text of a workflow is not JSON.',
  WORKFLOW_SHAPE: 'A workflow, node or edge has a member of the wrong kind.',
  WORKFLOW_UNKNOWN_NODE: 'An edge or option names a node that does not exist.',
  WORKFLOW_DUPLICATE_NODE: 'Two nodes have the same id.',
  WORKFLOW_DUPLICATE_EDGE: 'Two edges have the same id.',
  WORKFLOW_SELF_EDGE: 'An edge leads from a node to itself.',
  WORKFLOW_CYCLE: 'Edges form a cycle; the message names its path.',
  WORKFLOW_BAD_VERSION: 'A version is not a semantic version.',
  WORKFLOW_BAD_MAP: 'The map of a node has a member that is not what it must be.',
  WORKFLOW_BAD_NESTED: 'The nested workflow of a node is not one, or is nested too deep.',
  WORKFLOW_BAD_REPEAT: 'The repeat of a node does not say what ends it, or how often it is visited at most.',
  WORKFLOW_BAD_RETRY: 'A retry policy has a member out of range.',
  WORKFLOW_BAD_COMPENSATION: 'The compensation of a node is no node type, or is inside a run that is repeated.',
  WORKFLOW_BAD_REUSE: 'The reuse of a node is not what it must be, or the node does more than its result says.',
  WORKFLOW_BAD_CONDITION:
    'An edge condition has an unknown operator, a bad path or a value that does not fit, or its function is missing.',
  WORKFLOW_BAD_SCHEMA: 'The schema of a wait for a signal is no JSON Schema (2020-12), or uses what is not followed.',
  WORKFLOW_BAD_FALLBACK: 'A fallback names a node that is missing, has edges, or needs a fallback itself.',
  WORKFLOW_CHANGED:
    'The workflow given for a snapshot or run is not the one it was made with; details.changes lists how.',
  WORKFLOW_UNKNOWN: 'No workflow of that id is registered with the engine.',

  // nodes
  NODE_TYPE_DUPLICATE: 'A node type is registered twice; override explicitly instead.',
  NODE_TYPE_MISSING: 'Node types of the graph have no handler; all of them are listed in details.types.',
  NODE_FAILED: 'A handler threw something that is not an Error.',
  NODE_TIMEOUT: 'A node ran longer than its timeoutMs.',
  NODE_CANCELED: 'A node was stopped because its run was canceled, paused or ended.',
  NODE_INTERRUPTED:
    'A node was cut off by a crash, a pause or the time-out of its run, and its onInterrupted says fail.',
  NODE_CONDITION_FAILED: 'The condition of an outgoing edge threw or gave no boolean.',
  NODE_CONTEXT_CLOSED: 'A handler used its context after its attempt had ended.',
  NODE_BAD_DATA: "A built-in node's data does not fit its type.",
  NODE_BAD_ITEMS: 'A map node found no list, or keys that do not tell its items apart.',
  NODE_ITEMS_FAILED: 'More items of a map node failed than the node takes; cause is the failure of the first.',
  NODE_RUN_FAILED: 'The run that a node is failed; cause says why.',
  NODE_TYPE_STATE: 'The hook with which a node type saves or loads its own state threw.',
  NODE_VISITS_SPENT: 'A repeated node was visited as often as it may be, and the test that ends it never held.',
  NODE_WAIT_TIMEOUT: 'A node waited for a signal longer than it may.',

  // state for handlers
  STATE_BAD_KEY: 'A state key is not a string, or longer than a document takes (65,536 characters).',
  STATE_NOT_FINITE: 'A counter or numeric accumulator got, or would become, a number that is not finite.',
  STATE_ACCUMULATOR_KIND: 'An accumulator is used with another operation than the one it began with.',
  STATE_CONSTANT_SET: 'A context constant is set again with another value.',
  BLOB_MISSING: 'A result kept outside the run can not be read: no blobs are given, or they do not have it.',
  BLOB_DAMAGED: 'The bytes of a result kept outside the run are not what its digest says.',
  STATE_BAD_TTL: 'A cache entry has a ttlMs that is not a positive number.',
  SERVICE_MISSING: 'A handler asked for a service that was not given to the executor.',

  // limits
  LIMIT_NODE_EXECUTIONS: 'The run started more nodes than limits.maxNodeExecutions allows.',
  LIMIT_USAGE: 'A metered resource passed its limit in limits.maxUsage.',
  LIMIT_RESULT_BYTES: 'A result is larger than limits.maxResultBytes.',
  LIMIT_STATE_BYTES: 'The run state would be larger than limits.maxStateBytes.',
  LIMIT_SNAPSHOT_BYTES: 'A snapshot is larger than limits.maxSnapshotBytes; nothing was written.',
  LIMIT_NODES: 'The workflow has more nodes than limits.maxNodes.',

  // run
  RUN_TIMEOUT: 'The run was active longer than limits.runTimeoutMs.',
  RUN_NODE_FAILED: 'The run failed because a node failed; details.nodeId, cause.',
  RUN_CANCELED: 'The run was canceled.',
  RUN_ENDED: 'The run has ended and takes no such command.',
  RUN_ACTIVE: 'The run is executing already.',
  RUN_NOT_STARTED: 'The run has not started.',
  ENGINE_CLOSED: 'The engine is closed and takes up no run.',
  RUN_REJECTED: "A command does not fit the run's state.",
  SIGNAL_INVALID: 'The payload of a signal does not fit the schema of a node that waits for its name.',
  WAIT_UNKNOWN: 'The wait an answer is for is not open: it was answered, is over, or never was.',
  TOKEN_INVALID: 'A token for an answer is forged, expired or used.',
  RUN_STUCK: 'The run can not go on and waits for nothing outside; the message names why.',
  HISTORY_DAMAGED: 'An event can not follow the state it is applied to, so the history is damaged.',
  HISTORY_OUT_OF_RANGE: 'The history of the run has no event of that sequence.',
  HISTORY_UNKNOWN_EVENT: 'The history has an event type this version does not know.',

  // values
  VALUE_FUNCTION: 'A function can not be saved.',
  VALUE_SYMBOL: 'A symbol can not be saved.',
  VALUE_SYMBOL_KEY: 'An object with an enumerable symbol key can not be saved.',
  VALUE_PROMISE: 'A promise can not be saved; await it first.',
  VALUE_WEAK: 'A WeakMap, WeakSet or WeakRef can not be saved.',
  VALUE_CLASS: 'An instance of an unregistered class can not be saved; register a codec for it.',
  VALUE_UNSUPPORTED: 'A value of this kind (iterator, Blob, SharedArrayBuffer, ...) can not be saved.',
  VALUE_ACCESSOR: 'Reading a property of the value threw.',
  VALUE_LIMIT: 'A value is beyond a limit of the codec (depth, members, length, digits).',
  VALUE_UNKNOWN_TAG: 'A document has a tag this version does not know.',
  VALUE_BAD_TAG: 'A tag has the wrong members or a member out of range.',
  VALUE_BAD_REF: 'A reference does not point to an earlier container of its value.',
  VALUE_UNKNOWN_CLASS: 'A document has an instance of a class no codec is registered for.',
  VALUE_CLASS_DUPLICATE: 'A class codec of that name, version or class is registered already.',
  VALUE_CLASS_FAILED: 'A registered class codec threw.',

  // snapshot
  SNAPSHOT_ARGUMENT: 'What was given is no snapshot and no document of one.',
  SNAPSHOT_LIMIT: 'A document is beyond a limit (bytes, depth, members, slots).',
  SNAPSHOT_SYNTAX: 'A document is not JSON.',
  SNAPSHOT_BAD_UTF8: 'Bytes are not valid UTF-8, or begin with a byte order mark.',
  SNAPSHOT_DUPLICATE_KEY: 'An object of the document has the same key twice.',
  SNAPSHOT_FORBIDDEN_KEY: 'The document has the key __proto__, which no snapshot contains.',
  SNAPSHOT_NON_FINITE: 'A number of the document is out of the range of a double, or is -0.',
  SNAPSHOT_BAD_GZIP: 'Compressed bytes are damaged.',
  SNAPSHOT_WRONG_FORMAT: 'The document is of another format.',
  SNAPSHOT_TOO_NEW: 'The document has a newer major version than this reader supports.',
  SNAPSHOT_BAD_VERSION: "The document's version is not a semantic version.",
  SNAPSHOT_NO_MIGRATION: 'No chain of migrations leads from the version of the document to the current one.',
  SNAPSHOT_MIGRATION_FAILED: 'A migration step threw or gave a document that does not fit its version.',
  SNAPSHOT_SCHEMA: 'The document does not match the published schema.',
  SNAPSHOT_INCONSISTENT: 'Members of the document contradict each other; all problems are in details.problems.',
  SNAPSHOT_INTEGRITY: 'The content of the document is not what its digest says.',
  SNAPSHOT_VERIFY_FAILED: 'A snapshot that was read back after writing is not what was written.',
  SNAPSHOT_TRUNCATED: 'A result was over its limit and dropped, so a node that needs it can not run.',

  // store
  STORE_NOT_FOUND: 'The store has no run of that id.',
  STORE_EXISTS: 'The store has a run of that id already.',
  STORE_CONFLICT: 'Another writer appended first: the expected sequence is not the head.',
  STORE_HELD: 'Another process holds the claim of that run.',
  STORE_FENCED: 'The claim was lost to another process; nothing more is written under it.',
  STORE_DAMAGED: 'A record in the middle of the log fails its checksum or can not be read.',
  STORE_IO: 'The file system or database failed.',
  STORE_CLOSED: 'The store is closed.',
  STORE_BAD_ARGUMENT: 'A store method was called with an argument of the wrong kind or out of range.',
  STORE_UNSUPPORTED: 'The store does not support this operation.',
  STORE_CONTRACT: 'A store does not keep the contract of a driver; thrown by the conformance suite alone.',

  // command line
  USAGE: 'The command line can not be understood.',
  CLI_FILE: 'A file named on the command line can not be read, written or loaded.',
  CLI_ENDED: 'The process of a command ended before the command did.',

  INTERNAL_UNREACHABLE: 'A case that can not happen did; please report it.',
} as const satisfies Record<string, string>

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes
