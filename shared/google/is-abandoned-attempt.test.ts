import { PassThrough, pipeline } from "node:stream";
import { describe, expect, test } from "vitest";
import { isAbandonedAttempt } from "./is-abandoned-attempt.ts";

/** What Node throws when something is connected to a stream that was destroyed. */
function unableToPipe(): Error {
  const destroyed = new PassThrough();
  destroyed.destroy();
  try {
    pipeline(new PassThrough(), destroyed, () => undefined);
  } catch (error) {
    return error as Error;
  }
  throw new Error("Node doesn't refuse it any more");
}

describe("isAbandonedAttempt()", () => {
  test("is true of what Node throws then, and of nothing else", () => {
    const thrown = unableToPipe();
    expect(isAbandonedAttempt(thrown)).toBe(true);
    expect(isAbandonedAttempt(new Error("another", { cause: thrown }))).toBe(false);
    expect(isAbandonedAttempt("ERR_STREAM_UNABLE_TO_PIPE")).toBe(false);
  });
});
