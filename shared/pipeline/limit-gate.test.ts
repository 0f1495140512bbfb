import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { noParams, noQuery, ok } from "../contract/common.ts";
import { DeploymentLimits } from "../core/deployment-limits.ts";
import { LimitGate, setLimitHeaders } from "./limit-gate.ts";
import { route } from "./route.ts";

const plenty = { max: 10_000_000 };
const read = route({
  answers: "GET /v1/things",
  summary: "Things.",
  authenticate: "api-key",
  scope: "agents:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: {},
  read: "nothing",
  decide: () => ({ writes: [], reply: ok({}) }),
});
const request = new IncomingMessage(new Socket());
const callers = Array.from({ length: 1_000 }, (_, index) => ({
  id: `key_${index}`,
  owner: { id: `user_${index}` },
}));

describe("LimitGate", () => {
  // Of CPU, so that a busy machine makes no difference; about 1 µs is usual.
  test("counts a request in less than 10 µs", () => {
    const requests = { perKey: plenty, perOwner: plenty, reads: plenty };
    const gate = new LimitGate(DeploymentLimits.parse({ requests }), () => performance.now());
    const takeAll = () => {
      for (const caller of callers) gate.take(read, caller, request);
    };
    takeAll();
    const began = process.cpuUsage();
    for (let round = 0; round < 20; round += 1) takeAll();
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / (20 * callers.length)).toBeLessThan(10);
  });
});

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
