/** Decides a change, commits it with its audit row, and runs what follows the commit. */
import { assert } from "../core/assert.ts";
import { admits, holdsKey } from "../core/keys/admission.ts";
import type { Account } from "../core/money/account.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Change, Decision } from "../store/change.ts";
import type { Version, Write } from "../store/documents.ts";
import { type ReadRequest, readData, takesAccount } from "./parse-and-read.ts";
import { logFailure } from "./request-log.ts";
import type { Authenticated, RequestSecurity } from "./request-security.ts";
import type { AnyContext, ChangeRoute, Decided, Deps, JsonReply } from "./route.ts";

/** A change that was committed, or was answered because nothing had to change. */
interface CommittedChange {
  readonly data: unknown;
  readonly decided: Decided;
  readonly version: Version | null;
  /** Whether the route has something to do afterwards. */
  readonly follows: boolean;
}

/** What a commit needs besides what was prepared. */
interface Committing extends Pick<Authenticated, "reconfirm" | "stillAllowed"> {
  readonly deps: Deps;
  readonly security: RequestSecurity;
  readonly beganAt: number;
}

export function changes({ writes, account }: Decided): boolean {
  return writes.length > 0 || account !== undefined;
}

/** @throws {ApiError} what the decision refused with, `CONTENTION`, `UNAVAILABLE`. */
export async function commitChange(
  route: ChangeRoute,
  prepared: ReadRequest,
  known: Committing,
): Promise<CommittedChange> {
  const { context, ids } = prepared;
  const { deps, security, stillAllowed } = known;
  let { data } = prepared;
  const owner = ownerOf(route, context, data);
  const rowId = deps.newId("auditRow");
  const seal = async () =>
    await security.sealDetails(route, { ...context, data }, { id: rowId, owner });
  let sealed = await seal();
  const change: Change<Decision & { decided: Repeatable }> = {
    owner,
    needsAccount: takesAccount(route),
    closes: route.account === "closing",
    askedAt: known.beganAt,
    refresh: async () => {
      await known.reconfirm();
      ids.repeat();
      data = await readAgain(route, { ...context, repeated: true });
      // What the row seals may have been read, and must be what is decided on (AUD-4).
      sealed = await seal();
    },
    decide: (account) => {
      ids.repeat();
      requireAdmitted(context.caller, account);
      const decided = decide(route, { ...context, data, account });
      if (!changes(decided)) return { ...decided, decided };
      const row = security.auditRow(route, { context, decided, owner, rowId, sealed });
      const writes = [...withCondition(decided.writes, stillAllowed), row];
      return { ...decided, decided, writes };
    },
  };
  try {
    const { decision, version } = await deps.commits.submit(change);
    const { decided } = decision;
    const follows = !decided.isRepeated && Boolean(route.after ?? route.answerAfter);
    return { data, decided, version, follows };
  } catch (refusal) {
    if (!mayHaveHappened(route, context, refusal)) throw refusal;
    // The answer is what it is if reading fails.
    await change.refresh().catch(() => Promise.reject(refusal));
    const earlier = route.idempotency?.earlier({ ...context, data, account: null });
    if (!earlier?.isSame) throw refusal;
    const decided = { writes: [], reply: earlier.answer(), isRepeated: true };
    return { data, decided, version: null, follows: false };
  }
}

/** Refusals that have nothing to do with what an earlier request did. */
const lasting: ReadonlySet<string> = new Set(["UNAUTHORIZED", "FORBIDDEN", "UNAVAILABLE"]);

/**
 * Whether an earlier request with the same Idempotency-Key may have been committed, and even have
 * taken the money or the room that this one is refused for, after this one looked for it. A key
 * that was closed since learns nothing of what it did before.
 */
function mayHaveHappened(route: ChangeRoute, { request }: AnyContext, refusal: unknown): boolean {
  if (!route.idempotency || request.idempotencyKey === null) return false;
  return refusal instanceof ApiError && !lasting.has(refusal.code);
}

/**
 * Refuses what a key asked for before it was closed, if its change waited until afterwards (KEY-5).
 */
function requireAdmitted(caller: AnyContext["caller"], account: Account | null): void {
  if (!account || !("key" in caller)) return;
  if (admits(account.admission, caller.key.id) && !holdsKey(account, caller.key)) return;
  const message = "The API key has been revoked.";
  throw new ApiError("UNAUTHORIZED", { message, authentication: { reason: "revoked" } });
}

/** One that removes itself names the version of its document already. */
function withCondition(writes: readonly Write[], condition: Write | null): readonly Write[] {
  if (!condition || writes.some(({ path }) => path === condition.path)) return writes;
  return [...writes, condition];
}

/** Reads again for a decision that is repeated because what it was based on has changed. */
async function readAgain(route: ChangeRoute, context: AnyContext): Promise<unknown> {
  return await prepareData(route, { ...context, data: await readData(route, context) });
}

/** What a change decides on: what was read, as the route's `prepare` leaves it. */
export async function prepareData(
  route: ChangeRoute,
  input: AnyContext & { readonly data: unknown },
): Promise<unknown> {
  return route.prepare ? await route.prepare(input) : input.data;
}

/** A failure isn't the client's concern, which is answered why nothing was committed. */
export async function undoPrepared(route: ChangeRoute, context: AnyContext): Promise<void> {
  try {
    await route.undo?.(context);
  } catch (cause) {
    const facts = { requestId: context.request.id };
    logFailure(`what ${route.endpoint} prepared couldn't be taken back`, cause, facts);
  }
}

interface Repeatable extends Decided {
  /** Whether an earlier request with the same Idempotency-Key made this change. */
  readonly isRepeated?: boolean;
}

/**
 * The route's decision, or the earlier request's answer if this one repeats it.
 * @throws {ApiError} `IDEMPOTENCY_CONFLICT` if another request came with the same key.
 */
function decide(
  route: ChangeRoute,
  input: AnyContext & { readonly data: unknown; readonly account: Account | null },
): Repeatable {
  const earlier = route.idempotency?.earlier(input);
  if (!earlier) return route.decide(input);
  if (!earlier.isSame) throw new ApiError("IDEMPOTENCY_CONFLICT");
  return { writes: [], reply: earlier.answer(), isRepeated: true };
}

/** The owner whose data changes: the caller, or the owner that a privileged caller names. */
function ownerOf(route: ChangeRoute, { caller }: AnyContext, data: unknown): Owner {
  if ("owner" in caller) return caller.owner;
  assert(route.actsOn, "a caller without an owner acts on one");
  return route.actsOn(data);
}

/**
 * Runs what follows the commit. A failure loses nothing, because an outbox runs it again later.
 * @throws {ApiError} `UNAVAILABLE` if it fails and the route's answer would promise it.
 */
export async function followCommit(
  route: ChangeRoute,
  context: AnyContext,
  { data, decided, version }: CommittedChange,
): Promise<JsonReply | undefined> {
  const committed = { ...context, data, decided, version };
  try {
    await route.after?.(committed);
    return await route.answerAfter?.(committed);
  } catch (cause) {
    logFailure(`after ${route.endpoint} failed`, cause, { requestId: context.request.id });
    if (!route.promisesAfter) return undefined;
    // Another service may find fault with what the client sent, and repeating it won't help.
    if (cause instanceof ApiError && cause.code === "VALIDATION_FAILED") throw cause;
    throw new ApiError("UNAVAILABLE", { cause, headers: { "retry-after": "5" } });
  }
}
