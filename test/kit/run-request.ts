/** One request through the pipeline, in this process, on a store in memory. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { nanoid } from "nanoid";
import * as z from "zod";
import { type IdKind, idOf } from "#shared/core/ids";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { mintOwner } from "#shared/identity/owner";
import { UnreadBytes } from "#shared/limits/unread-bytes";
import { LimitGate } from "#shared/pipeline/limit-gate";
import type { Exchange } from "#shared/pipeline/parse-and-read";
import type {
  AuditedChange,
  Authenticated,
  RequestSecurity,
} from "#shared/pipeline/request-security";
import type { Callers, Route } from "#shared/pipeline/route";
import { runRoute } from "#shared/pipeline/run-route";
import { SentByteCounter } from "#shared/quotas/sent-byte-counter";
import { CommitCoordinator } from "#shared/store/commit-coordinator";
import { create, systemCollection } from "#shared/store/documents";
import { MemoryStore } from "./memory-store.ts";

export const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const key = { id: "key_a", scopes: ["*"], turnNodes: [], lineageId: null };
export const caller: Callers["api-key"] = { type: "key", id: key.id, owner, key } as never;

export const things = systemCollection("things", z.object({ name: z.string() }));

export interface Ran {
  readonly body: string;
  /** What was put on the record. */
  readonly rows: readonly AuditedChange[];
  readonly store: MemoryStore;
}

interface How extends Partial<Authenticated> {
  readonly headers?: Readonly<Record<string, string>>;
  /** What earlier requests have stored. */
  readonly store?: MemoryStore;
  /** Throws if no large answer may be sent. */
  readonly requireRoom?: () => void;
  /** A request that has arrived at a server. */
  readonly exchange?: Pick<Exchange, "request" | "response">;
  readonly sent?: SentByteCounter;
  readonly limits?: LimitGate;
  /** Seals the details of rows; they have none if it is left out. */
  readonly sealDetails?: RequestSecurity["sealDetails"];
}

/** @throws {ApiError} what the request was refused with. */
export async function runRequest(route: Route, how: How = {}): Promise<Ran> {
  const { headers = {}, store = new MemoryStore(), requireRoom, sealDetails, ...stated } = how;
  const rows: AuditedChange[] = [];
  const { request, response } = how.exchange ?? newExchange(route, headers);
  const body: string[] = [];
  Object.assign(response, { end: (text: string) => body.push(text) });
  const confirmed = Promise.resolve(how.caller ?? caller);
  const unhurried = {
    freshMs: 60_000,
    reconfirm: async () => await confirmed,
    findAgain: async () => await confirmed,
    stillAllowed: null,
    recordKeyUse: async () => {},
    recordRefusal: () => undefined,
  };
  const deps = {
    ...{
      store: Object.assign(store, { forClient: () => store }),
      keyStore: store,
      now: () => 0,
      random: Buffer.alloc,
    },
    newId: (kind: IdKind) => idOf(kind, nanoid()),
    commits: new CommitCoordinator(store, { random: () => 0 }),
  };
  const record = { requestId: "req_a", callerId: null, ownerId: null, error: null };
  const matched = { route, params: {}, query: new URLSearchParams(), credential: {}, record };
  await runRoute(
    matched as never,
    { request, response, brokenOff: new Promise(() => {}) },
    {
      deps: deps as never,
      limits: how.limits ?? newLimitGate(),
      unread: new UnreadBytes(requireRoom),
      sentBytes: how.sent ?? newSentByteCounter(store),
      security: {
        authenticate: async () => ({ caller, confirmed, ...unhurried, ...stated }),
        sealDetails: sealDetails ?? (async () => null),
        auditRow: (_route, decided) => {
          rows.push(decided);
          return create(things.doc(decided.rowId), { name: "row" });
        },
      },
    },
  );
  return { body: body.join(""), rows, store };
}

function newExchange(route: Route, headers: Readonly<Record<string, string>>) {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: route.method, headers });
  request.push(null);
  return { request, response: new ServerResponse(request) };
}

/** The count of an owner who may be sent a byte a day. */
export function newSentByteCounter(store: MemoryStore): SentByteCounter {
  return new SentByteCounter(() => store, { bytesMax: 1, now: () => 0, onFailure: () => {} });
}

/** A process's limits, with a clock that stands still. */
export function newLimitGate(): LimitGate {
  return new LimitGate(DeploymentLimits.parse({}), () => 0);
}
