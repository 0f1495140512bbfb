import { expect, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { findUnusable } from "#shared/core/usable-text";
import type { Item } from "#shared/protocol/item";
import { redactItem } from "./redact-item.ts";

const half = "\ud800";
const change = { path: `a${half}.txt`, changeKind: "created", additions: 1, deletions: 0 } as const;
const id = `${half}${"x".repeat(1_000_000)}`;
const call: Item = {
  ...({ type: "tool_call", id, name: half, arguments: half, status: "completed" } as const),
  ...{ result: half, fileChanges: [change] },
};

test.each<[string, Item]>([
  ["a call", call],
  ["its output", { type: "tool_output", id, content: half }],
  ["a thought", { type: "reasoning", content: half }],
  ["a plan", { type: "planning", content: { text: half } }],
  ["a file", { type: "file_change", ...change }],
])("NET-6 nothing in %s makes the gateway refuse an execution's events", (_, item) => {
  const sent = redactItem(planRedaction([]), item);
  expect(findUnusable(JSON.parse(JSON.stringify(sent)), "kept")).toBeNull();
  expect(JSON.stringify(sent).length).toBeLessThan(1_000);
});
