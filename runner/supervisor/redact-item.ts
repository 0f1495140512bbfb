/** Removes secrets from every text in an item. */
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import type { Item } from "#shared/protocol/item";

export function redactItem(plan: RedactionPlan, item: Item): Item {
  const clean = (text: string) => redact(plan, text);
  switch (item.type) {
    case "text":
    case "reasoning":
    case "tool_output":
      return { ...item, content: clean(item.content) };
    case "planning":
      return { ...item, content: { text: clean(item.content.text) } };
    case "file_change":
      return { ...item, path: clean(item.path) };
    case "turn_completed":
      return item;
    case "tool_call": {
      const { result, fileChanges } = item;
      const changes = fileChanges?.map((change) => ({ ...change, path: clean(change.path) }));
      return {
        ...item,
        id: clean(item.id),
        name: clean(item.name),
        arguments: clean(item.arguments),
        ...(result !== undefined && { result: clean(result) }),
        ...(changes !== undefined && { fileChanges: changes }),
      };
    }
  }
}
