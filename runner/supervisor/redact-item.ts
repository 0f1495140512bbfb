/** Removes secrets from every text in an item. */
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import type { Item } from "#shared/protocol/runner";

export function redactItem(plan: RedactionPlan, item: Item): Item {
  const clean = (text: string) => redact(plan, text);
  if (item.type === "file_change") return { ...item, path: clean(item.path) };
  if (item.type !== "tool_call") return { ...item, content: clean(item.content) };
  const result = item.result === undefined ? {} : { result: clean(item.result) };
  return { ...item, name: clean(item.name), arguments: clean(item.arguments), ...result };
}
