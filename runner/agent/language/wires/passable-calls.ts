/** A model's calls in a form in which every provider takes them back with the conversation. */
import type { AssistantPart } from "../conversation.ts";

/** Models make up names of tools, and a provider refuses each later request for one of them. */
const nameLengthMax = 64;
const idLengthMax = 200;

/** Names of tools that there are stay as they are, as do ids of which no two are the same. */
export function withPassableCalls(parts: readonly AssistantPart[]): AssistantPart[] {
  const ids = new Set<string>();
  return parts.map((part) => {
    if (part.type !== "tool_call") return part;
    const id = unused(part.id.slice(0, idLengthMax), ids);
    ids.add(id);
    return { ...part, id, name: passableName(part.name) };
  });
}

function passableName(name: string): string {
  const letters = name.slice(0, nameLengthMax).replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return letters === "" ? "_" : letters;
}

function unused(id: string, used: ReadonlySet<string>): string {
  let free = id;
  for (let number = 1; free === "" || used.has(free); number += 1) free = `${id}_${number}`;
  return free;
}
