/** What a delivery's payload becomes. */
import { expect, test } from "vitest";
import type { Trigger } from "../store/triggers.ts";
import { contentOf } from "./start-delivery.ts";

const payloadJson = '{"n":1}';
const said = (model: string, prompt: string, payload = payloadJson) =>
  contentOf({
    trigger: { actionJson: JSON.stringify({ type: "send_message", prompt }) } as Trigger,
    agent: { value: { model } } as Parameters<typeof contentOf>[0]["agent"],
    payloadJson: payload,
  });

test("a model reads a payload where its prompt names it, or at the end; a script isn't changed", () => {
  expect(said("a-model", "See {{event.payload}}: {{ event }}")).toBe('See {"n":1}: {"n":1}');
  expect(said("a-model", "See")).toMatch(/^See\n\nThe event, .*\n\{"n":1\}$/);
  expect(said("shell", "echo {{event}}")).toBe("echo {{event}}");
});

test("a message that would be too long is refused before it is made", () => {
  const large = JSON.stringify("x".repeat(60_000));
  // Made, it would take a gigabyte of an instance that all owners share.
  expect(() => said("a-model", "{{event}}".repeat(20_000), large)).toThrow("longer than 200000");
  expect(() => said("a-model", "x".repeat(150_000), large)).toThrow("longer than 200000");
  // Numbers may be longer in our JSON than in the sender's.
  const grown = JSON.stringify(Array.from({ length: 12_000 }, () => 1e20));
  expect(() => said("shell", "true", grown)).toThrow("longer than 65536");
});

test("the action's text is the one that isn't empty", () => {
  const action = { type: "send_message", prompt: "", message: "true", template: "" };
  const trigger = { actionJson: JSON.stringify(action) } as Trigger;
  expect(contentOf({ trigger, agent: null, payloadJson })).toMatch(/^true/);
});

test("a payload that no variable can hold is refused", () => {
  const wide = JSON.stringify("海".repeat(50_000));
  expect(() => said("shell", "true", wide)).toThrow("at most 131071 bytes of UTF-8");
});
