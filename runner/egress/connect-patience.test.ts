import { expect, test } from "vitest";
import { ConnectPatience } from "./connect-patience.ts";

test("waits for a network that has just been made, until it answers once or a minute is over", () => {
  let nowMs = 0;
  const answered = new ConnectPatience(() => nowMs);
  const silent = new ConnectPatience(() => nowMs);
  expect(answered.timeoutMs()).toBeGreaterThan(30_000);
  answered.connected();
  expect(answered.timeoutMs()).toBe(5_000);
  expect(silent.timeoutMs()).toBeGreaterThan(30_000);
  nowMs = 60_000;
  expect(silent.timeoutMs()).toBe(5_000);
});
