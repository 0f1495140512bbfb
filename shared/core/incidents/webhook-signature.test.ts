import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { shownSecret, webhookHeaders, webhookSecret } from "./webhook-signature.ts";

const root = Buffer.alloc(32, 7);
const message = { id: "dlv_1", sentAt: Date.now(), body: '{"type":"incident.notice"}' };

test("receivers verify a webhook with the standard's own library, and no other secret", () => {
  const secret = webhookSecret(root, "user_a", 1);
  const headers = { ...webhookHeaders(secret, message) };
  expect(new Webhook(shownSecret(secret)).verify(message.body, headers)).toEqual({
    type: "incident.notice",
  });
  const others = [webhookSecret(root, "user_b", 1), webhookSecret(root, "user_a", 2)];
  for (const other of others) {
    expect(() => new Webhook(shownSecret(other)).verify(message.body, headers)).toThrow();
  }
  const altered = message.body.replace("notice", "cancel");
  expect(() => new Webhook(shownSecret(secret)).verify(altered, headers)).toThrow();
});
