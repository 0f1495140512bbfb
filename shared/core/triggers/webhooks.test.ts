/** Which deliveries a trigger takes. */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { shownSecret, webhookHeaders } from "../incidents/webhook-signature.ts";
import { checkTriggerAddress, composeTriggerAddress } from "../keys/trigger-address.ts";
import { eventNames, isEvent, passesFilters } from "./match-event.ts";
import { payloadJsonOf } from "./payload-json.ts";
import { replayWindowMs, verifyWebhook } from "./verify-webhook.ts";

const secret = Buffer.alloc(32, 7);
const now = 1_800_000_000_000;
const body = Buffer.from('{"type":"deploy"}');
const how = { secret, isGithub: false, now };
const signedAt = (sentAt: number) =>
  webhookHeaders(secret, { id: "msg_1", sentAt, body: body.toString() });

describe("AUT-3 a signature", () => {
  test("by a library of the standard is taken, and identifies the delivery", () => {
    const signature = new Webhook(shownSecret(secret)).sign(
      "msg_2",
      new Date(now),
      body.toString(),
    );
    const headers = {
      "webhook-id": "msg_2",
      "webhook-timestamp": String(now / 1_000),
      "webhook-signature": `v1,AAAA ${signature}`,
    };
    expect(verifyWebhook({ headers, body }, how)).toEqual({ deliveryId: "msg_2" });
  });

  test.each([
    ["of another body", signedAt(now), Buffer.from("{}")],
    ["of another secret", { ...signedAt(now), "webhook-signature": "v1,AAAA" }, body],
    ["with another id", { ...signedAt(now), "webhook-id": "msg_3" }, body],
    ["that is too old", signedAt(now - replayWindowMs - 1_000), body],
    ["from the future", signedAt(now + replayWindowMs + 1_000), body],
    ["that is missing", {}, body],
    ["in GitHub's form for another source", githubSigned(), body],
  ])("%s is refused", (_what, headers, body) => {
    expect(verifyWebhook({ headers, body }, how)).toHaveProperty("refused");
  });

  function githubSigned() {
    const hex = createHmac("sha256", shownSecret(secret)).update(body).digest("hex");
    return { "x-hub-signature-256": `sha256=${hex}` };
  }

  test("in GitHub's form identifies the delivery by its body, which is all that it signs", () => {
    const [first, again] = [githubSigned(), { ...githubSigned(), "x-github-delivery": "other" }];
    const taken = verifyWebhook({ headers: first, body }, { ...how, isGithub: true });
    expect(taken).toHaveProperty("deliveryId");
    expect(verifyWebhook({ headers: again, body }, { ...how, isGithub: true })).toEqual(taken);
  });
});

test("an address is known by its keyed part, under any pepper that is left", () => {
  const id = "0".repeat(21);
  const address = { ownerId: `user_${id}`, triggerId: `trig_${id}`, generation: 2 };
  const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const text = composeTriggerAddress(address, old);
  expect(checkTriggerAddress(text, [current, old])).toEqual(address);
  expect(checkTriggerAddress(text, [current])).toBeNull();
  expect(checkTriggerAddress(text.replace(".2.", ".3."), [old])).toBeNull();
  expect(checkTriggerAddress("", [old])).toBeNull();
});

test("an event is compared by name, and its payload with each filter", () => {
  const payload = { action: "opened", ref: "refs/heads/main", number: 3, labels: ["a"] };
  const names = eventNames(payload, "pull_request");
  expect(names).toEqual(["pull_request", "pull_request.opened"]);
  expect(isEvent("pull_request.opened", names)).toBe(true);
  expect(isEvent("push", names)).toBe(false);
  expect(isEvent("*", names)).toBe(true);
  expect(isEvent("deploy", eventNames({ type: "deploy" }, null))).toBe(true);
  expect(passesFilters({ branch: "main", number: 3, labels: ["a"] }, payload)).toBe(true);
  expect(passesFilters({ branch: "other" }, payload)).toBe(false);
  const repository = { owner: { id: 1, login: "a" }, tags: ["x", "y"] };
  const sameAgain = { tags: ["x", "y"], owner: { login: "a", id: 1 } };
  expect(passesFilters({ repository: sameAgain }, { repository }), "names in any order").toBe(true);
  const inOtherOrder = { ...repository, tags: ["y", "x"] };
  expect(passesFilters({ repository: inOtherOrder }, { repository })).toBe(false);
  expect(passesFilters({ zero: 0 }, { zero: -0 })).toBe(true);
  expect(passesFilters({ missing: null }, payload)).toBe(false);
  expect(passesFilters(JSON.parse('{"__proto__":{}}'), payload), "inherited").toBe(false);
});

test("a payload keeps the numbers that its sender wrote, and loses blanks and a byte order mark", () => {
  const sent =
    '\ufeff{ "id": 9007199254740993, "far": 1e400, "short": 1e20, "price": 1.50,\n "a": ["1e2", -0] }';
  expect(payloadJsonOf(Buffer.from(sent))).toBe(
    '{"id":9007199254740993,"far":1e400,"short":1e20,"price":1.50,"a":["1e2",-0]}',
  );
});
