/**
 * What a route declares, and what its steps receive; `run-route.ts` runs them for every route. A
 * query only reads, a change is decided and then committed, an action writes as it goes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { VerifiedClaims } from "../core/executions/ticket.ts";
import type { IdKind, RepeatableKind } from "../core/ids.ts";
import type { Scope } from "../core/keys/scopes.ts";
import type { Account } from "../core/money/account.ts";
import type { ErrorCode } from "../errors/catalogue.ts";
import type { Owner } from "../identity/owner.ts";
import type { FurtherScopes } from "../keys/further-scopes.ts";
import type { RequestClass } from "../limits/request-claims.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import type { ApiKey } from "../store/api-keys.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import type { Version, Write } from "../store/documents.ts";
import type { ReadStore, Store } from "../store/store.ts";
import type { AccountUse } from "./account-use.ts";
import { type Made, madeOf } from "./made-of-route.ts";
import type { RequestFacts } from "./request-facts.ts";

/** The callers of a route, by what they must show. */
export interface Callers {
  readonly public: { readonly type: "public"; readonly id: "public" };
  readonly "api-key": {
    readonly type: "key";
    readonly id: string;
    readonly owner: Owner;
    readonly key: ApiKey;
  };
  /** A Google identity that has an operator document. */
  readonly operator: Callers["first-operator"] & {
    readonly createdAt: number;
    /** Whether it may search the log of requests. */
    readonly isAuditor: boolean;
  };
  /** The Google identity that the deployment names as its first operator. */
  readonly "first-operator": {
    readonly type: "operator";
    readonly id: string;
    readonly email: string;
  };
  /** The runner job's service account, which may do nothing without a ticket. */
  readonly runner: { readonly type: "runner"; readonly id: string };
  /** The control token of one attempt of one execution. */
  readonly execution: {
    readonly type: "runner";
    readonly id: string;
    readonly owner: Owner;
    readonly claims: VerifiedClaims;
  };
  /** The model token of the same attempt, which may call models and nothing else. */
  readonly model: Callers["execution"];
  /** A trigger's own address, whose keyed part was checked; its sender must still sign. */
  readonly webhook: {
    readonly type: "webhook";
    readonly id: string;
    readonly owner: Owner;
    readonly generation: number;
  };
  readonly scheduler: { readonly type: "maintenance"; readonly id: string };
}
export type Authentication = keyof Callers;

/** New ids. A repeated decision gets the same ids again. */
export interface Ids {
  next(kind: IdKind): string;
  /**
   * Derived from the Idempotency-Key, so that a repeated request gets the same; null without one.
   */
  ofRequest(kind: RepeatableKind): string | null;
}

export interface Deps {
  readonly store: Store;
  /** The database of sealing keys; only some functions may open it. */
  readonly keyStore: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  random(bytes: number): Buffer;
  newId(kind: IdKind): string;
}

/** The dependencies of a step that may only read. */
export interface ReadDeps extends Omit<Deps, "store" | "keyStore" | "commits"> {
  readonly store: ReadStore;
  readonly keyStore: ReadStore;
}

export interface ReadContext<A extends Authentication, P, Q, B> {
  readonly caller: Callers[A];
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body's bytes, for routes that take it raw. */
  readonly raw: IncomingMessage;
  readonly request: RequestFacts;
  /** Epoch milliseconds, fixed for the whole request. */
  readonly now: number;
  readonly ids: Ids;
  readonly deps: ReadDeps;
  /** Whether `read` is called again: its first result was outdated, or `decide` asked for more. */
  readonly repeated: boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface Context<A extends Authentication, P, Q, B> extends ReadContext<A, P, Q, B> {
  readonly deps: Deps;
}

export type AnyContext = Context<Authentication, unknown, unknown, unknown>;

export interface JsonReply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reply =
  | JsonReply
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Writes the body; the pipeline ends the response afterwards. */
      readonly stream: (response: ServerResponse) => Promise<void>;
    }
  | {
      /**
       * Passes on another server's answer, with its status and headers, and ends the response. The
       * request has no place among its owner's any more, because it may wait for minutes.
       */
      readonly relay: (response: ServerResponse) => Promise<void>;
    };

export interface Decided {
  readonly writes: readonly Write[];
  readonly account?: Account;
  /** The id of what was changed, for the audit row. */
  readonly subject?: string;
  /** The audit row's action, if it differs from the route's own. */
  readonly action?: `${string}.${string}`;
  /** Plain facts for the audit row. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** The state of a limit that the decision took from, for the answer's headers. */
  readonly limit?: LimitState;
  /** `version` is the version of every changed document; null if nothing was changed. */
  readonly reply: Reply | ((version: Version | null) => Reply);
}

/** `version` is that of every changed document; null if nothing changed or it is unknown. */
interface After<D, R> {
  readonly data: D;
  readonly decided: R;
  readonly version: Version | null;
}

/** What a route of any kind declares. */
interface Stated<A extends Authentication, P, Q, B> {
  readonly endpoint: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;
  readonly summary: string;
  readonly authenticate: A;
  /** How often the scheduler calls a route of its own, in ms; the cloud's shortest is a minute. */
  readonly everyMs?: number;
  readonly scope: Scope | "none";
  readonly needsToo?: FurtherScopes<NoInfer<B>>;
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  /** A schema for JSON; `none` for no body; `raw` for bytes that `read` consumes itself. */
  readonly body: z.ZodType<B> | "none" | "raw";
  readonly bodyBytesMax: number;
  /** The class of its requests, which has limits; `none` for public and internal routes. */
  readonly requestClass: RequestClass;
  /** Set on a POST that may be sent twice, since it sets a state or knows what it has done. */
  readonly repeating?: "harmless";
  /** Set by routes that honour `If-Match` and `If-None-Match`. */
  readonly preconditions?: "honoured";
  /** Set if people need it to find what to stop: no other key gets it refused (KEY-10). */
  readonly neededToClose?: true;
  readonly reply: Readonly<Record<number, z.ZodType | "stream" | "bytes">>;
  /** Its own steps' codes; those of the pipeline follow from the rest. */
  readonly refusals?: readonly ErrorCode[];
}

/**
 * What may happen before the caller's key is confirmed. With `reads`, `read` may begin while the
 * key is looked up again, and the account is fetched if `decide` takes it. With `nothing`, both
 * wait: for a `read` of more than a few documents or of none, without the account, and for routes
 * without an API key. Steps that write always wait.
 */
export type BeforeConfirmed = "nothing" | "reads";

/** What an earlier request with the same Idempotency-Key made. */
export interface Earlier {
  /** Whether that request asked for the same; if not, the new one is refused. */
  readonly isSame: boolean;
  /** Makes the answer to the new request, which changes nothing. */
  readonly answer: () => Reply;
}

/** How a change makes sure that repeating it with the same Idempotency-Key makes its thing once. */
interface Idempotency<A extends Authentication, P, Q, B, D> {
  /** Equal keys in different spaces have nothing to do with each other. */
  readonly space: (context: ReadContext<A, P, Q, B>) => readonly [string, ...string[]];
  /** Finds the earlier request in what was read; null if the key is new. Pure. */
  readonly earlier: (
    context: Context<A, P, Q, B> & { data: D; account: Account | null },
  ) => Earlier | null;
}

/** A route that only reads. It may begin before the key is confirmed. */
interface QuerySpec<A extends Authentication, P, Q, B, D> extends Stated<A, P, Q, B> {
  readonly read: "nothing" | ((context: ReadContext<A, P, Q, B>) => Promise<D>);
  /** Pure. */
  readonly answer: (context: ReadContext<A, P, Q, B> & { data: D }) => Reply;
}

/** A route that decides on what it reads; the pipeline commits the decision with its audit row. */
interface ChangeSpec<A extends Authentication, P, Q, B, D, E, R extends Decided>
  extends Stated<A, P, Q, B> {
  readonly beforeConfirmed: BeforeConfirmed;
  readonly account: AccountUse;
  /** `thing.happened` */
  readonly audit: `${string}.${string}`;
  /** What the audit row seals in addition to address and user agent. */
  readonly auditDetails?: (context: Context<A, P, Q, B>) => Readonly<Record<string, string>>;
  /** The task, if it was read and starts: the audit row seals it with the digest's salt. */
  readonly auditTask?: (data: NoInfer<E>) => string | undefined;
  /** The key that an operator's `auditDetails` are sealed to, for the owner alone to read. */
  readonly sealedTo?: (data: NoInfer<E>) => string;
  readonly idempotency?: Idempotency<A, P, Q, B, NoInfer<E>>;
  readonly read: "nothing" | ((context: ReadContext<A, P, Q, B>) => Promise<D>);
  /**
   * Stores what must exist before the commit refers to it, such as an object or a key pair; without
   * the commit it must do no harm. It may also end an execution that is overdue. `decide` gets its
   * result instead of what was read.
   */
  readonly prepare?: (context: Context<A, P, Q, B> & { data: D }) => Promise<E>;
  /** Takes back what `prepare` has counted or made, if nothing is committed. It may miss some. */
  readonly undo?: (context: Context<A, P, Q, B>) => Promise<void>;
  /** The owner it touches, for callers without one: operators, and runners before a claim. */
  readonly actsOn?: (data: NoInfer<E>) => Owner;
  /** Pure, because it may be repeated with fresh data. `account` is null if it wasn't asked for. */
  readonly decide: (context: Context<A, P, Q, B> & { data: E; account: Account | null }) => R;
  /** Does what follows the commit. If the process dies here, a sweep repeats it. */
  readonly after?: (context: Context<A, P, Q, B> & After<E, R>) => Promise<void>;
  /** Like `after`, for answers that depend on it. If it fails, `decide`'s reply is the answer. */
  readonly answerAfter?: (context: Context<A, P, Q, B> & After<E, R>) => Promise<JsonReply>;
  /**
   * Set if the answer promises that `after` is done. If it fails, the answer is 503 although the
   * change is committed, and the client may safely repeat the request.
   */
  readonly promisesAfter?: true;
}

/** A caller that is no owner must name the owner it acts on; an owner can't name another one. */
type NamesOwner<A extends Authentication> = Callers[A] extends { readonly owner: Owner }
  ? { readonly actsOn?: undefined }
  : { readonly actsOn: unknown };

/** Not operators: one that was removed is refused when the pipeline commits its change. */
type Actor = Exclude<Authentication, "operator" | "first-operator">;

/** A route that writes step by step, itself or through the coordinator, for a confirmed caller. */
interface ActionSpec<A extends Authentication, P, Q, B, D> extends Stated<A, P, Q, B> {
  readonly beforeConfirmed: BeforeConfirmed;
  readonly read: "nothing" | ((context: ReadContext<A, P, Q, B>) => Promise<D>);
  readonly perform: (context: Context<A, P, Q, B> & { data: D }) => Promise<Reply>;
}

type Auth = Authentication;
/** Routes whose types have been checked against each other; the pipeline needs only their shape. */
export type QueryRoute = QuerySpec<Auth, unknown, unknown, unknown, unknown> &
  Made & { readonly kind: "query" };
export type ChangeRoute = ChangeSpec<Auth, unknown, unknown, unknown, unknown, unknown, Decided> &
  Made & { readonly kind: "change" };
export type ActionRoute = ActionSpec<Auth, unknown, unknown, unknown, unknown> &
  Made & { readonly kind: "action" };
export type Route = QueryRoute | ChangeRoute | ActionRoute;

export function query<A extends Authentication, P, Q, B, D>(
  spec: QuerySpec<A, P, Q, B, D>,
): QueryRoute {
  return { ...spec, ...madeOf(spec), kind: "query" } as unknown as QueryRoute;
}

export function change<A extends Authentication, P, Q, B, D, R extends Decided, E = D>(
  spec: ChangeSpec<A, P, Q, B, D, E, R> & NamesOwner<A>,
): ChangeRoute {
  return { ...spec, ...madeOf(spec), kind: "change" } as unknown as ChangeRoute;
}

export function action<A extends Actor, P, Q, B, D>(spec: ActionSpec<A, P, Q, B, D>): ActionRoute {
  return { ...spec, ...madeOf(spec), kind: "action" } as unknown as ActionRoute;
}

/** The largest JSON body; no document made from it may exceed Firestore's 1 MiB. */
export const jsonBytesMax = 256 * 1024;
