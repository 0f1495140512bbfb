/** Removes secrets from every text in an item. */
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import { cutText } from "#shared/core/usable-text";
import type { Item } from "#shared/protocol/item";

/** A provider chooses the ids of its calls. */
const idLengthMax = 200;

/**
 * Half of a character, which a model may write into a path, is replaced: the gateway refuses it,
 * and after a refusal no event of the execution would be heard any more.
 */
export function redactItem(plan: RedactionPlan, item: Item): Item {
  const clean = (text: string) => redact(plan, text).toWellFormed();
  const cleanId = (id: string) => cutText(clean(id), idLengthMax);
  switch (item.type) {
    case "text":
    case "reasoning":
      return { ...item, content: clean(item.content) };
    case "tool_output":
      return { ...item, id: cleanId(item.id), content: clean(item.content) };
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
        id: cleanId(item.id),
        name: clean(item.name),
        arguments: clean(item.arguments),
        ...(result !== undefined && { result: clean(result) }),
        ...(changes !== undefined && { fileChanges: changes }),
      };
    }
  }
}
