import { describe, expect, test } from "vitest";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { ApiError } from "../errors/api-error.ts";
import { claimsOf, type RequestClass } from "./request-claims.ts";
import { type Claim, RequestLimiter } from "./request-limiter.ts";

const windowMs = 60_000;
const claim = (subject: string, max: number): Claim => ({
  subject,
  limit: { max, windowMs },
  noun: "requests",
});

function refusalOf(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    return error as ApiError;
  }
  throw new Error("nothing was refused");
}

describe("LIM-2 RequestLimiter", () => {
  test("takes one of each limit, or nothing of any", () => {
    const limiter = new RequestLimiter(() => 0);
    const [wide, narrow] = [claim("wide", 10), claim("narrow", 1)];
    expect(limiter.take([wide, narrow]).state).toMatchObject({ limit: 1, remaining: 0 });
    for (let time = 0; time < 20; time += 1) {
      expect(refusalOf(() => limiter.take([wide, narrow])).code).toBe("RATE_LIMITED");
    }
    expect(limiter.take([wide]).state).toMatchObject({ limit: 10, remaining: 8 });
  });

  test("gives back what was counted if another limit refuses", () => {
    const limiter = new RequestLimiter(() => 0);
    limiter.take([claim("a", 2)]).release();
    expect(limiter.take([claim("a", 2)]).state).toMatchObject({ remaining: 1 });
  });
});

describe("claimsOf()", () => {
  test("KEY-10 doesn't count a closing against what the owner's other keys have sent", () => {
    const { requests } = DeploymentLimits.parse({ requests: { perOwner: { max: 1 } } });
    const limiter = new RequestLimiter(() => 0);
    const owner = { id: "user" };
    limiter.take(claimsOf("reads", { id: "key_a", owner }, requests));
    const other = { id: "key_b", owner };
    expect(refusalOf(() => limiter.take(claimsOf("writes", other, requests))).status).toBe(429);
    expect(() => limiter.take(claimsOf("closings", other, requests))).not.toThrow();
  });

  test("KEY-10 counts closings by the key itself, and by nothing else that is sent", () => {
    const one = { max: 1 };
    const { requests } = DeploymentLimits.parse({ requests: { perKey: one, writes: one } });
    const limiter = new RequestLimiter(() => 0);
    const owner = { id: "user" };
    const [old, next] = ["key_a", "key_b"].map((credentialId) => ({
      ...{ id: "key_a", credentialId, owner },
    }));
    const ask = (requestClass: RequestClass, key = old) =>
      limiter.take(claimsOf(requestClass, key ?? { id: "" }, requests));
    ask("writes");
    expect(refusalOf(() => ask("writes", next)).status).toBe(429);
    ask("closings");
    expect(refusalOf(() => ask("closings")).status).toBe(429);
    expect(() => ask("closings", next)).not.toThrow();
  });
});

describe("RequestLimiter", () => {
  test("names the tightest limit when it admits, and the longest wait when it refuses", () => {
    let nowMs = 0;
    const limiter = new RequestLimiter(() => nowMs);
    const [early, late] = [claim("early", 1), claim("late", 1)];
    limiter.take([early]);
    nowMs = 30_000;
    limiter.take([late]);
    const { headers, message } = refusalOf(() => limiter.take([early, late, claim("free", 5)]));
    expect(headers).toEqual({
      "ratelimit-limit": "1",
      "ratelimit-remaining": "0",
      "ratelimit-reset": "62",
      "retry-after": "62",
    });
    expect(message).toBe("At most 1 requests are accepted in 60 seconds.");
    // A client that waits as long as it was told is admitted.
    nowMs += 62_000;
    expect(limiter.take([early, late]).state).toMatchObject({ limit: 1, remaining: 0 });
  });

  test("says nothing where no limit applies", () => {
    expect(new RequestLimiter(() => 0).take([]).state).toBeNull();
  });
});
