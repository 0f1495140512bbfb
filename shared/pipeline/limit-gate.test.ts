import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { setLimitHeaders } from "./limit-gate.ts";

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
