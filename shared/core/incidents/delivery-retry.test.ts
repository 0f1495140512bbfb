import { expect, test } from "vitest";
import { attemptsMax, nextAttemptAt } from "./delivery-retry.ts";
import { Notice, noticeDrafts, noticeText } from "./notice.ts";
import { detectors } from "./signals.ts";

test("INC-5 a receiver that fails for three days is tried again, with growing pauses", () => {
  let now = 0;
  let pauseMs = 0;
  for (let attempts = 1; attempts < attemptsMax; attempts += 1) {
    const next = nextAttemptAt(attempts, now, 0) ?? expect.fail();
    expect(next - now).toBeGreaterThanOrEqual(pauseMs);
    pauseMs = next - now;
    now = next;
  }
  expect(now).toBeGreaterThan(3 * 24 * 3_600_000);
  expect(nextAttemptAt(attemptsMax, now, 0)).toBeNull();
});

test("INC-5 every draft has the four parts, and the text has all of them", () => {
  for (const source of [...detectors, "reported"] as const) {
    const draft = Notice.parse(noticeDrafts[source]);
    for (const part of Object.values(draft)) expect(noticeText(draft)).toContain(part);
  }
  expect(Notice.safeParse({ ...noticeDrafts.reported, advice: " " }).success).toBe(false);
});
