/** What a route declares, and what its steps receive; `run-route.ts` runs them for every route. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { TokenClaims } from "../core/executions/ticket.ts";
import type { IdKind } from "../core/ids.ts";
import type { Scope } from "../core/keys/scopes.ts";
import type { Account } from "../core/money/account.ts";
import type { Preconditions } from "../http/preconditions.ts";
import type { Owner } from "../identity/owner.ts";
import type { RequestClass } from "../limits/request-claims.ts";
import type { LimitState } from "../limits/sliding-counter.ts";
import type { ApiKey } from "../store/api-keys.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import type { Version, Write } from "../store/documents.ts";
import type { Store } from "../store/store.ts";

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
  readonly operator: { readonly type: "operator"; readonly id: string; readonly email: string };
  /** The Google identity that the deployment names as its first operator. */
  readonly "first-operator": {
    readonly type: "operator";
    readonly id: string;
    readonly email: string;
  };
  /** The job's service account, which is worth nothing without a ticket. */
  readonly runner: { readonly type: "runner"; readonly id: string };
  /** The control token of one attempt of one execution. */
  readonly execution: {
    readonly type: "runner";
    readonly id: string;
    readonly owner: Owner;
    readonly claims: TokenClaims;
  };
  readonly scheduler: { readonly type: "maintenance"; readonly id: string };
}
export type Authentication = keyof Callers;

export interface RequestFacts {
  readonly id: string;
  readonly address: string;
  readonly userAgent: string;
  /** The `Idempotency-Key` header; null if there is none. */
  readonly idempotencyKey: string | null;
  /** GET, HEAD and so on; routes of GET also receive HEAD. */
  readonly method: string;
  readonly preconditions: Preconditions;
  /** The `Last-Event-ID` header; null if there is none. */
  readonly lastEventId: string | null;
}

/** New ids. A repeated decision gets the same ids again. */
export interface Ids {
  next(kind: IdKind): string;
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

export interface Context<A extends Authentication, P, Q, B> {
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
  readonly deps: Deps;
  /** Whether `read` is called again because its first result was outdated. */
  readonly repeated: boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
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
  /** The owner that is changed, if the caller isn't the owner itself. */
  readonly owner?: Owner;
  /** The state of a limit that the decision took from, for the answer's headers. */
  readonly limit?: LimitState;
  /** `version` is the version of every changed document; null if nothing was changed. */
  readonly reply: Reply | ((version: Version | null) => Reply);
}

/** `version` is the version of every changed document; null if nothing changed or it is unknown. */
interface After<D, R> {
  readonly data: D;
  readonly decided: R;
  readonly version: Version | null;
}

export interface RouteSpec<A extends Authentication, P, Q, B, D, R extends Decided> {
  readonly answers: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;
  readonly summary: string;
  readonly authenticate: A;
  /**
   * How often the scheduler calls the route, in ms; only for routes that authenticate the
   * scheduler. The cloud's shortest interval is a minute.
   */
  readonly everyMs?: number;
  readonly scope: Scope | "none";
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  /** A schema for JSON; `none` for no body; `raw` for bytes that `read` consumes itself. */
  readonly body: z.ZodType<B> | "none" | "raw";
  readonly bodyBytesMax: number;
  /**
   * The class that it counts as, besides its key and owner. Every route that takes a key has one.
   */
  readonly limits: RequestClass;
  /**
   * Whether the decision reads or changes the owner's account. A `closing` does neither: its commit
   * can't conflict with any other change, and it runs alone and at once (KEY-10).
   */
  readonly budget:
    | "free"
    | "closing"
    | "hold"
    | "settle"
    | "credit"
    | "terms"
    | "admission"
    | "quota";
  /** `thing.happened`; `none` if the route changes nothing. */
  readonly audit: `${string}.${string}` | "none";
  /** What the audit row seals in addition to address and user agent. */
  readonly auditDetails?: (context: Context<A, P, Q, B>) => Readonly<Record<string, string>>;
  /** For routes that make something: repeating it with the same Idempotency-Key makes it once. */
  readonly idempotency?: "honoured";
  /** For routes whose `read` honours `If-Match` and `If-None-Match`; other routes refuse both. */
  readonly preconditions?: "honoured";
  readonly reply: Readonly<Record<number, z.ZodType | "stream" | "bytes">>;
  readonly read: "nothing" | ((context: Context<A, P, Q, B>) => Promise<D>);
  /** Pure, because it may be repeated with fresh data. `account` is null if `budget` takes none. */
  readonly decide: (context: Context<A, P, Q, B> & { data: D; account: Account | null }) => R;
  /** Runs after the commit; an outbox repeats it if the process dies here. */
  readonly after?: (context: Context<A, P, Q, B> & After<D, R>) => Promise<void>;
  /** The same, and its result is the answer; if it fails, the answer is what was decided. */
  readonly answerAfter?: (context: Context<A, P, Q, B> & After<D, R>) => Promise<JsonReply>;
  /**
   * The answer promises what follows, too, and the request is safe to repeat: until that is done,
   * the route answers 503, whatever was committed.
   */
  readonly promisesAfter?: true;
}

/**
 * A route after its types have been checked against each other; the pipeline needs only its shape.
 */
export type Route = RouteSpec<Authentication, unknown, unknown, unknown, unknown, Decided> & {
  readonly method: string;
  /** `/v1/…` and the same at the root, for clients that never add the prefix. */
  readonly paths: readonly string[];
  readonly streams: boolean;
};

export function route<A extends Authentication, P, Q, B, D, R extends Decided>(
  spec: RouteSpec<A, P, Q, B, D, R>,
): Route {
  const [method = "", path = ""] = spec.answers.split(" ");
  const paths = path.startsWith("/v1/") ? [path, path.slice("/v1".length)] : [path];
  const streams = Object.values(spec.reply).some((reply) => reply === "stream");
  return { ...spec, method, paths, streams } as unknown as Route;
}

/** The largest JSON body; no document made from it may exceed Firestore's 1 MiB. */
export const jsonBytesMax = 256 * 1024;
