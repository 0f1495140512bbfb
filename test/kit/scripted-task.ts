/** Tasks that say themselves what a scripted model does, so that one provider serves all tests. */
import type { ProviderRequest } from "../../local/providers/server.ts";
import type { ScriptedTurn } from "../../local/providers/turn.ts";

const mark = "Play these turns: ";

/** A task whose model plays the turns, one per request. */
export function scriptedTask(turns: readonly ScriptedTurn[]): string {
  return `${mark}${JSON.stringify(turns)}`;
}

interface Said {
  readonly role: string;
  readonly content: unknown;
}

/** The script of a provider: the newest task's turn, by how often the model has answered since. */
export function turnOfTask({ body }: ProviderRequest): ScriptedTurn {
  const messages = body.messages as readonly Said[];
  const texts = messages.map(({ content }) => JSON.stringify(content));
  const asked = texts.findLastIndex((text) => text.includes(mark));
  const answers = messages.slice(asked).filter(({ role }) => role === "assistant").length;
  const content = messages[asked]?.content;
  const blocks = Array.isArray(content) ? content : [{ text: content }];
  const text = blocks.map((block) => String(block.text ?? "")).find((one) => one.includes(mark));
  const turns = JSON.parse(text?.slice(text.indexOf(mark) + mark.length) ?? "[]");
  return turns[answers] ?? { items: [{ kind: "text", text: "Nothing is left to do." }] };
}
