/** When the local edge gives up on a client; local/edge/CONFORMANCE.md. */
import { describe, expect, test } from "vitest";
import { echo, edgeBefore, raw } from "./edge-kit.ts";

describe("a client that is slow with its headers", () => {
  test.each([
    ["begins and stops", "GET /v1/things/1 HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: "],
    ["says nothing at all", ""],
  ])("and %s is told so when its time is over", async (_what, bytes) => {
    const edge = await edgeBefore(echo, { headersMsMax: 50 });
    const answer = await raw(edge, bytes, false);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
  });
});
