import { describe, expect, test } from "vitest";
import { dayMs } from "../core/retention/periods.ts";
import { NotificationSettings } from "../store/notifications.ts";
import { countAsked, currentTargets, noticeTargets, withTargets } from "./targets.ts";

const none = NotificationSettings.parse({
  ...{ v: 1, email: null, webhookUrl: null, webhookPepperId: null, webhookGeneration: 0 },
  ...{ spending: [], networks: [], refusals: [], updatedAt: 0 },
});
const mailTo = (email: string, emailConfirmedAt: number) => ({ email, emailConfirmedAt });
const own = withTargets(none, mailTo("own@a.test", 1_000), 1_000).next;
const stolen = withTargets(own, mailTo("thief@b.test", 5_000), 5_000);
const addresses = (targets: readonly { readonly target: string }[]) =>
  targets.map(({ target }) => target);

describe("INC-5 where an owner is reached", () => {
  test("is no address that isn't confirmed", () => {
    expect(currentTargets({ ...none, email: "a@b.test" })).toEqual([]);
    expect(currentTargets(null)).toEqual([]);
  });

  test("is for notices also where it was before the incident, for thirty days", () => {
    expect(addresses(stolen.replaced)).toEqual(["own@a.test"]);
    const at = { openedAt: 6_000, now: 7_000 };
    expect(addresses(currentTargets(stolen.next))).toEqual(["thief@b.test"]);
    expect(addresses(noticeTargets(stolen.next, at))).toEqual(["thief@b.test", "own@a.test"]);
    expect(addresses(noticeTargets(stolen.next, { ...at, openedAt: 999 }))).toEqual([
      "thief@b.test",
    ]);
    const later = { ...at, now: 5_000 + 30 * dayMs };
    expect(addresses(noticeTargets(stolen.next, later))).toEqual(["thief@b.test"]);
  });

  test("can't be pushed out by further changes, nor by taking it away", () => {
    let settings = stolen.next;
    const refused = expect.objectContaining({ code: "CONFLICT" });
    for (let time = 0; time < 5; time += 1) {
      settings = withTargets(settings, mailTo(`t${time}@b.test`, 6_000), 6_000).next;
    }
    expect(() => withTargets(settings, mailTo("more@b.test", 6_001), 6_001)).toThrow(refused);
    const at = { openedAt: 7_000, now: 7_000 };
    expect(addresses(noticeTargets(settings, at))).toContain("own@a.test");
    // What isn't a change of targets goes on, and so does going back.
    expect(withTargets(settings, { spending: ["email"] }, 6_002).next.spending).toEqual(["email"]);
    const back = withTargets(settings, mailTo("own@a.test", 6_003), 6_003).next;
    expect(addresses(noticeTargets(back, at)).filter((one) => one === "own@a.test")).toEqual([
      "own@a.test",
    ]);
    const taken = withTargets(own, { email: null, emailConfirmedAt: null }, 5_000).next;
    expect(addresses(noticeTargets(taken, at))).toEqual(["own@a.test"]);
  });

  test("can be asked for ten times a day", () => {
    let settings = none;
    for (let time = 0; time < 10; time += 1)
      settings = { ...settings, asked: countAsked(settings, 5) };
    const refused = expect.objectContaining({ code: "RATE_LIMITED" });
    expect(() => countAsked(settings, 5)).toThrow(refused);
    expect(countAsked(settings, dayMs)).toMatchObject({ count: 1, ever: 11 });
  });
});
