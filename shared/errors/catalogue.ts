/** Every refusal of the API; `docs/errors.md` is generated from this. */

/** Whether trying again can help: never, after waiting, or after adding money. */
export type Retry = "never" | "after_wait" | "after_topup";

interface Refusal {
  readonly status: number;
  readonly retry: Retry;
  /** What the client reads unless the thrower gives a more exact message. */
  readonly message: string;
}

function refusal(status: number, retry: Retry, message: string): Refusal {
  return { status, retry, message };
}

export const catalogue = {
  VALIDATION_FAILED: refusal(400, "never", "The request doesn't match its schema; see details."),
  MALFORMED_JSON: refusal(400, "never", "The body isn't valid JSON."),
  MALFORMED_MULTIPART: refusal(400, "never", "The body isn't a valid multipart form."),
  MALFORMED_URL: refusal(400, "never", "The URL's path isn't validly percent-encoded UTF-8."),
  INVALID_PATH: refusal(400, "never", "The file path must stay inside the workspace."),
  NO_ACTIVE_EXECUTION: refusal(400, "never", "The thread runs nothing that could be cancelled."),
  UNAUTHORIZED: refusal(401, "never", "Send a valid API key as Authorization: Bearer <key>."),
  INSUFFICIENT_BUDGET: refusal(402, "after_topup", "The balance can't cover this execution."),
  BUDGET_LIMIT_DAILY: refusal(402, "after_wait", "The daily spending limit is reached."),
  BUDGET_LIMIT_MONTHLY: refusal(402, "after_wait", "The monthly spending limit is reached."),
  BUDGET_LIMIT_KEY: refusal(402, "after_wait", "The API key's own spending limit is reached."),
  FORBIDDEN: refusal(403, "never", "The credential may not do this; details name what it lacks."),
  NETWORK_NOT_ALLOWED: refusal(
    403,
    "never",
    "A message may only restrict its environment's network; change the environment instead.",
  ),
  NOT_FOUND: refusal(404, "never", "Nothing with that id belongs to you."),
  METHOD_NOT_ALLOWED: refusal(405, "never", "This path doesn't take that method; see Allow."),
  REQUEST_TIMEOUT: refusal(
    408,
    "after_wait",
    "The request took too long to arrive: send its headers within 10 seconds.",
  ),
  CONFLICT: refusal(409, "never", "Something with that name exists already."),
  THREAD_BUSY: refusal(409, "after_wait", "The thread is running; wait until it has ended."),
  IDEMPOTENCY_CONFLICT: refusal(409, "never", "That Idempotency-Key was used with another body."),
  KEY_SHOWN_ALREADY: refusal(
    409,
    "never",
    "That Idempotency-Key has made a key, shown in its answer alone; revoke it and make another.",
  ),
  LEASE_LOST: refusal(409, "never", "This attempt no longer owns the execution."),
  EXECUTION_RUNNING: refusal(
    409,
    "after_wait",
    "The execution hasn't ended yet; wait for Retry-After seconds.",
  ),
  AUDIT_PENDING: refusal(
    409,
    "after_wait",
    "No signed checkpoint has that yet; wait for Retry-After seconds.",
  ),
  DETAILS_DESTROYED: refusal(
    410,
    "never",
    "The key that sealed those details was destroyed, so nobody can open them any more.",
  ),
  UPLOAD_INCOMPLETE: refusal(
    409,
    "after_wait",
    "Not all bytes of the upload have been stored yet; send the rest, then complete it again.",
  ),
  TRANSFER_ENDED: refusal(
    410,
    "never",
    "That upload has expired or was cancelled; begin another one.",
  ),
  PRECONDITION_FAILED: refusal(
    412,
    "never",
    "The file isn't what If-Match or If-None-Match asks for: read it again, then decide.",
  ),
  PAYLOAD_TOO_LARGE: refusal(413, "never", "The body is larger than this route takes."),
  UNSUPPORTED_MEDIA_TYPE: refusal(415, "never", "Send this body as the content type it takes."),
  RANGE_NOT_SATISFIABLE: refusal(416, "never", "Ask for a byte range inside the file."),
  MODEL_NOT_OFFERED: refusal(422, "never", "This deployment doesn't offer that model."),
  PAYMENTS_NOT_OFFERED: refusal(
    422,
    "never",
    "This deployment takes no payments: ask one of its operators to credit the account.",
  ),
  ADJUSTMENT_TOO_LARGE: refusal(
    422,
    "never",
    "An adjustment can't take the balance below what is held for executions.",
  ),
  WORKSPACE_TOO_LARGE: refusal(
    409,
    "never",
    "The workspace's files need more room than that profile has; delete some first.",
  ),
  UPLOAD_MISMATCH: refusal(
    422,
    "never",
    "The stored bytes don't have the SHA-256 that the upload was begun with; begin another one.",
  ),
  WORKSPACE_FULL: refusal(422, "never", "The workspace would exceed its size or file count."),
  QUOTA_REACHED: refusal(422, "never", "The account has as much of that as it may; see details."),
  KEYS_FULL: refusal(422, "never", "The account has as many live keys as it may; revoke one."),
  THREAD_TOO_LONG: refusal(
    422,
    "never",
    "A copy takes at most 150 messages of 1.5 MiB: say with truncateAtMessageIndex where it ends.",
  ),
  NOT_A_REPOSITORY: refusal(422, "never", "There is no git repository at that path."),
  REPOSITORY_UNREADABLE: refusal(
    422,
    "never",
    "The repository can't be read without running git; a message that calls git can.",
  ),
  GIT_FAILED: refusal(422, "never", "Git refused; the message has what it said."),
  RATE_LIMITED: refusal(429, "after_wait", "Too many calls; wait for Retry-After seconds."),
  CONCURRENCY_LIMITED: refusal(429, "after_wait", "Too many executions run at once; wait for one."),
  ACCOUNT_BUSY: refusal(
    429,
    "after_wait",
    "Too many requests of this account wait at once; send fewer at a time.",
  ),
  STREAMS_LIMITED: refusal(
    429,
    "after_wait",
    "Too many streams and downloads are open; close some.",
  ),
  HEADERS_TOO_LARGE: refusal(431, "never", "The request's headers are too large."),
  INTERNAL_ERROR: refusal(500, "after_wait", "Something failed on our side; quote the request id."),
  NOT_OFFERED: refusal(501, "never", "This deployment doesn't offer that part of the API."),
  UNAVAILABLE: refusal(503, "after_wait", "A part we need doesn't answer; try again."),
  OVERLOADED: refusal(503, "after_wait", "Too many requests wait before this one; try again."),
  CONTENTION: refusal(503, "after_wait", "Too many changes at once; nothing was changed."),
} as const satisfies Record<string, Refusal>;

export type ErrorCode = keyof typeof catalogue;
