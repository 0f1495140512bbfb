/** What a route states, and what its steps are given; `run-route.ts` runs them for every route. */
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

/** Who a route answers, by what the caller must show. */
export interface Callers {
  readonly public: { readonly type: "public"; readonly id: "public" };
  readonly "api-key": {
    readonly type: "key";
    readonly id: string;
    readonly owner: Owner;
    readonly key: ApiKey;
  };
  /** A Google identity that an operator's document names. */
  readonly operator: { readonly type: "operator"; readonly id: string; readonly email: string };
  /** The Google identity that the deployment names as its first operator. */
  readonly "first-operator": {
    readonly type: "operator";
    readonly id: string;
    readonly email: string;
  };
  /** The job's account: worth nothing without a ticket. */
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
  /** Of the header `Idempotency-Key`; null if there is none. */
  readonly idempotencyKey: string | null;
  /** GET, HEAD and so on; HEAD comes to the routes of GET. */
  readonly method: string;
  readonly preconditions: Preconditions;
  /** Of the header `Last-Event-ID`; null if there is none. */
  readonly lastEventId: string | null;
}

/** New ids; a decision that is repeated gets the same ones again. */
export interface Ids {
  next(kind: IdKind): string;
}

export interface Deps {
  readonly store: Store;
  /** The database of sealing keys, in the functions that may open it. */
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
  /** Epoch ms, the same during the whole request. */
  readonly now: number;
  readonly ids: Ids;
  readonly deps: Deps;
  /** Whether `read` is asked again, since what it read first didn't hold. */
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
  /** Of the audit row, where a decision has another outcome than the route's own. */
  readonly action?: `${string}.${string}`;
  /** Plain facts for the audit row. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** Whose change it is, where the caller is no owner; else the caller's. */
  readonly owner?: Owner;
  /** How much of a limit that the decision took is left, for the answer's headers. */
  readonly limit?: LimitState;
  /** `version` is that of every document changed, null if nothing was. */
  readonly reply: Reply | ((version: Version | null) => Reply);
}

/** `version` is that of every document changed; null if nothing was, or it isn't known. */
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
   * How often the scheduler calls it, in ms; of routes that authenticate it, and of no others. The
   * cloud's shortest interval is a minute.
   */
  readonly everyMs?: number;
  readonly scope: Scope | "none";
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  /** A schema for JSON; `none` for no body; `raw` for bytes that `read` consumes itself. */
  readonly body: z.ZodType<B> | "none" | "raw";
  readonly bodyBytesMax: number;
  /** What it counts as, beside its key and its owner: every route that takes a key states one. */
  readonly limits: RequestClass;
  /**
   * Whether the decision takes the owner's account, and what it does to it. A `closing` takes none:
   * it writes what nobody else's change can get in the way of, alone and at once (KEY-10).
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
  /** `thing.happened`; `none` for what changes nothing. */
  readonly audit: `${string}.${string}` | "none";
  /** What the audit row keeps sealed beside address and user agent. */
  readonly auditDetails?: (context: Context<A, P, Q, B>) => Readonly<Record<string, string>>;
  /** Of routes that make something: with an Idempotency-Key, repeating it makes it once. */
  readonly idempotency?: "honoured";
  /** Of routes whose `read` judges `If-Match` and `If-None-Match`; others refuse both. */
  readonly preconditions?: "honoured";
  readonly reply: Readonly<Record<number, z.ZodType | "stream" | "bytes">>;
  readonly read: "nothing" | ((context: Context<A, P, Q, B>) => Promise<D>);
  /** Pure: it may be repeated with fresh data. `account` is null where `budget` takes none. */
  readonly decide: (context: Context<A, P, Q, B> & { data: D; account: Account | null }) => R;
  /** What follows the commit; an outbox repeats it if the process dies here. */
  readonly after?: (context: Context<A, P, Q, B> & After<D, R>) => Promise<void>;
  /** The same, where what follows is answered; if it fails, the answer is what was decided. */
  readonly answerAfter?: (context: Context<A, P, Q, B> & After<D, R>) => Promise<JsonReply>;
  /**
   * Of routes whose answer promises what follows too, and that are safe to repeat: while that isn't
   * done they answer 503, whatever was committed.
   */
  readonly promisesAfter?: true;
}

/** A route whose types have been checked against each other; the pipeline needs only its shape. */
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

/** Of routes that take JSON: no document made of a body may outgrow Firestore's 1 MiB. */
export const jsonBytesMax = 256 * 1024;
