import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { mintOwner } from "../auth/owner.ts";
import { DeploymentLimits } from "../core/deployment-limits.ts";
import { LimitGate, setLimitHeaders } from "./limit-gate.ts";
import type { Route } from "./route.ts";

const request = new IncomingMessage(new Socket());

describe("setLimitHeaders()", () => {
  test("lets the tightest limit stand, whichever comes first", () => {
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
  { budget: "closing", audit: "key.revoked" },
  { budget: "settle", audit: "execution.cancelled" },
  { budget: "settle", audit: "execution.ended" },
  { budget: "free", audit: "environment.deleted" },
] as const;

function routeWith(fields: Partial<Route>): Route {
  return { authenticate: "api-key", reply: {}, budget: "free", audit: "none", ...fields } as Route;
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
    // Another key's ending waits for no ending of this one.
    gate.enter(routeWith(endings[0]), caller);
    expect(gate.enter(routeWith(endings[0]), { id: "key_b", owner })?.turn).toBeNull();
  });

  test("counts what stays open, streams and files, and no other answer", () => {
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
