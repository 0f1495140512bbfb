/** A model's calls in a form in which every provider takes them back with the conversation. */
import type { AssistantPart } from "../conversation.ts";

/** Models make up names of tools, and a provider refuses each later request for one of them. */
const nameLengthMax = 64;
const idLengthMax = 200;

/** Names of tools that there are stay as they are, as do ids of which no two are the same. */
export function withPassableCalls(parts: readonly AssistantPart[]): AssistantPart[] {
  const ids = new UniqueIds();
  return parts.map((part) => {
    if (part.type !== "tool_call") return part;
    const id = ids.take(part.id.slice(0, idLengthMax));
    return { ...part, id, name: passableName(part.name) };
  });
}

function passableName(name: string): string {
  const letters = name.slice(0, nameLengthMax).replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return letters === "" ? "_" : letters;
}

/** Numbers ids that were taken before; an answer may have one id ten thousand times. */
class UniqueIds {
  readonly #used = new Set<string>();
  /** The number that is tried next for an id, so that none is tried twice. */
  readonly #next = new Map<string, number>();

  take(id: string): string {
    let free = id;
    let number = this.#next.get(id) ?? 1;
    for (; free === "" || this.#used.has(free); number += 1) free = `${id}_${number}`;
    this.#next.set(id, number);
    this.#used.add(free);
    return free;
  }
}
