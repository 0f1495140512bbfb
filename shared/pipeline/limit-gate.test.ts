import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner } from "../identity/owner.ts";
import { claimantOf, LimitGate, setLimitHeaders } from "./limit-gate.ts";
import type { ChangeRoute, Route } from "./route.ts";

const request = new IncomingMessage(new Socket());

describe("setLimitHeaders()", () => {
  test("shows the tightest limit, whichever comes first", () => {
    const response = new ServerResponse(request);
    setLimitHeaders(response, { limit: 10, remaining: 5, resetMs: 1_500 });
    setLimitHeaders(response, { limit: 30, remaining: 29, resetMs: 60_000 });
    expect(response.getHeader("ratelimit-limit")).toBe("10");
    setLimitHeaders(response, { limit: 3, remaining: 0, resetMs: 2_001 });
    expect(response.getHeaders()).toMatchObject({
      "ratelimit-limit": "3",
      "ratelimit-remaining": "0",
      "ratelimit-reset": "3",
    });
    setLimitHeaders(response, null);
    expect(response.getHeader("ratelimit-limit")).toBe("3");
  });
});

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const endings = [
  { account: "closing", audit: "key.revoked" },
  { account: "settle", audit: "execution.cancelled" },
  { account: "settle", audit: "execution.ended" },
  { account: "none", audit: "environment.deleted" },
] as const;

function routeWith(fields: Partial<ChangeRoute>): Route {
  const route = { kind: "change", authenticate: "api-key", reply: {}, ...fields };
  return { account: "none", audit: "agent.created", ...route } as ChangeRoute;
}

describe("TEN-1 LimitGate", () => {
  test("lets in what ends something, though all other places are taken", () => {
    const fairness = { aloneMax: 1, sharedMax: 1 };
    const gate = new LimitGate(DeploymentLimits.parse({ fairness }), () => 0);
    const caller = { id: "key_a", owner };
    expect(gate.enter(routeWith({}), caller)?.turn).toBeNull();
    expect(gate.enter(routeWith({}), caller)?.turn).not.toBeNull();
    for (const fields of endings) {
      const place = gate.enter(routeWith(fields), caller);
      expect(place?.turn).toBeNull();
      place?.leave();
      place?.leave();
    }
  });

  test("counts the endings of all of an owner's keys together, and lets the keys take turns", async () => {
    const fairness = { aloneMax: 1, sharedMax: 1 };
    const gate = new LimitGate(DeploymentLimits.parse({ fairness }), () => 0);
    const admitted: string[] = [];
    const ask = (id: string) => {
      const place = gate.enter(routeWith(endings[0]), { id, owner });
      const enter = () => {
        admitted.push(id);
        return place;
      };
      return place?.turn ? place.turn.entered.then(enter) : enter();
    };
    const first = ask("key_a");
    const [second, , other] = [ask("key_a"), ask("key_a"), ask("key_b")];
    for (const entered of [first, second, other]) (await entered)?.leave();
    await Promise.resolve();
    expect(admitted).toEqual(["key_a", "key_a", "key_b", "key_a"]);
  });

  test("counts answers that stay open (streams and files), and no others", () => {
    const fairness = { openPerKeyMax: 1 };
    const gate = new LimitGate(DeploymentLimits.parse({ fairness }), () => 0);
    const caller = { id: "key_a", owner };
    const close = gate.open(routeWith({ reply: { 200: "stream" } }), caller);
    const download = routeWith({ reply: { 200: "bytes", 206: "bytes" } });
    const limited = expect.objectContaining({ code: "STREAMS_LIMITED" });
    expect(() => gate.open(download, caller)).toThrow(limited);
    expect(gate.open(routeWith({}), caller)).toBeNull();
    close?.();
    expect(gate.open(download, caller)).not.toBeNull();
  });
});

describe("LIM-2 a start that the account refuses", () => {
  const starting = routeWith({ requestClass: "executions" });
  const caller = { id: "key_a", owner };
  const refusal = new ApiError("CONCURRENCY_LIMITED", { headers: { "retry-after": "5" } });

  function refusedOnce() {
    let nowMs = 0;
    const limits = DeploymentLimits.parse({ requests: { perKey: { max: 3 } } });
    const gate = new LimitGate(limits, () => nowMs);
    const pass = (ms: number) => {
      nowMs += ms;
    };
    const remaining = (key: string, sent = request) => {
      const permit = gate.take(starting, { ...caller, id: key }, sent);
      gate.failed(starting, { ...caller, id: key }, { permit, error: refusal, stage: "working" });
      return permit.state?.remaining;
    };
    expect(remaining("key_a")).toBe(2);
    return { remaining, pass };
  }

  test("is refused again from memory for a second, and then decided again, uncounted", () => {
    const { remaining, pass } = refusedOnce();
    pass(999);
    expect(() => remaining("key_a")).toThrow(refusal);
    expect(remaining("key_b")).toBe(2);
    pass(1);
    // An execution of the key may have ended, so the account is asked.
    expect(remaining("key_a")).toBe(2);
  });

  test("counts as a request if it is repeated within that second with an Idempotency-Key", () => {
    const { remaining, pass } = refusedOnce();
    const repeated = new IncomingMessage(new Socket());
    repeated.headers["idempotency-key"] = "again";
    const counts = [remaining("key_a", repeated), remaining("key_a", repeated)];
    expect([...counts, remaining("key_a", repeated)]).toEqual([2, 1, 0]);
    expect(() => remaining("key_a", repeated)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED" }),
    );
    pass(120_000);
    expect(remaining("key_a", repeated)).toBe(2);
  });
});

describe("LIM-2 a request that is refused with 429", () => {
  const caller = { id: "key_a", owner };
  const busy = new ApiError("ACCOUNT_BUSY");
  const limited = new ApiError("RATE_LIMITED");
  test.each([
    ["at a gate, counts for nothing", "writes", busy, "waiting", 2],
    ["once its documents were read, counts", "writes", limited, "working", 1],
    ["for answers that nobody took, counts", "reads", busy, "decided", 1],
    ["as a start, for answers that nobody took, counts", "executions", busy, "decided", 1],
    ["as a start, by the account, counts for nothing", "executions", limited, "working", 2],
    ["as a start that repeats one, for its stream, counts", "executions", limited, "decided", 1],
  ] as const)("%s", (_what, requestClass, error, stage, remaining) => {
    const limits = DeploymentLimits.parse({ requests: { perKey: { max: 3 } } });
    let nowMs = 0;
    const gate = new LimitGate(limits, () => nowMs);
    const route = routeWith({ requestClass });
    gate.failed(route, caller, { permit: gate.take(route, caller, request), error, stage });
    nowMs = 2_000;
    expect(gate.take(route, caller, request).state?.remaining).toBe(remaining);
  });

  test("for the stream of a start that it repeats, refuses no other start", () => {
    const gate = new LimitGate(DeploymentLimits.parse({}), () => 0);
    const route = routeWith({ requestClass: "executions" });
    const full = new ApiError("RATE_LIMITED", { headers: { "retry-after": "60" } });
    const permit = gate.take(route, caller, request);
    gate.failed(route, caller, { permit, error: full, stage: "decided" });
    expect(() => gate.take(route, caller, request)).not.toThrow();
  });
});

describe("KEY-10 the endings of a key that was rotated", () => {
  test.each(endings)("wait in a row of their own: $audit", (fields) => {
    const fairness = { aloneMax: 1, sharedMax: 1, ownerWaitingMax: 1 };
    const gate = new LimitGate(DeploymentLimits.parse({ fairness }), () => 0);
    const enter = (credentialId: string) =>
      gate.enter(routeWith(fields), { id: "key_a", credentialId, owner });
    expect([enter("key_a")?.turn, enter("key_a")?.turn]).toEqual([null, expect.anything()]);
    expect(() => enter("key_a")).toThrow(expect.objectContaining({ code: "ACCOUNT_BUSY" }));
    expect(enter("key_b")?.turn).not.toBeNull();
  });
});

describe("LIM-1 requests without a credential", () => {
  const route = routeWith({ authenticate: "public", requestClass: "public" });
  const from = (address: string) =>
    claimantOf({ type: "public", id: "public" }, { now: 0, address });

  test("count by the network that they come from, and push no key's counter out", () => {
    const limits = DeploymentLimits.parse({ requests: { public: { max: 2 }, perKey: { max: 2 } } });
    const gate = new LimitGate(limits, () => 0);
    const key = { id: "key_a", owner };
    const read = routeWith({ requestClass: "reads" });
    const limited = expect.objectContaining({ code: "RATE_LIMITED" });
    for (let time = 0; time < 2; time += 1) {
      gate.take(route, from("2001:db8::1"), request);
      gate.take(read, key, request);
    }
    expect(() => gate.take(route, from("2001:db8::2"), request)).toThrow(limited);
    for (let host = 0; host < 25_000; host += 1) {
      const address = `10.${host >> 8}.${host & 255}.1`;
      gate.take(route, from(address), request);
    }
    expect(() => gate.take(read, key, request)).toThrow(limited);
  });
});
