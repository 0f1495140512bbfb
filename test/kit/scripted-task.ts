/** Tasks that say themselves what a scripted model does, so that one provider serves all tests. */
import type { ProviderRequest } from "../../local/providers/server.ts";
import type { ScriptedTurn } from "../../local/providers/turn.ts";

const mark = "Play these turns: ";

/** A turn, or what is played each time that it is asked for; the last of these is played again. */
type Tries = ScriptedTurn | readonly ScriptedTurn[];

/** A task whose model plays the turns, one per request. Tries need a name of the task's own. */
export function scriptedTask(turns: readonly Tries[], name = ""): string {
  return `${name}${mark}${JSON.stringify(turns)}`;
}

interface Said {
  readonly role: string;
  readonly content: unknown;
}

/** How often each turn that has several tries was asked for. */
const tries = new Map<string, number>();

/** The script of a provider: the newest task's turn, by how often the model has answered since. */
export function turnOfTask({ body }: ProviderRequest): ScriptedTurn {
  const messages = body.messages as readonly Said[];
  const texts = messages.map(({ content }) => JSON.stringify(content));
  const asked = texts.findLastIndex((text) => text.includes(mark));
  const answers = messages.slice(asked).filter(({ role }) => role === "assistant").length;
  const content = messages[asked]?.content;
  const blocks = Array.isArray(content) ? content : [{ text: content }];
  const text = blocks.map((block) => String(block.text ?? "")).find((one) => one.includes(mark));
  // What is on later lines was added to the task, such as a step's data.
  const [script = "[]"] = text?.slice(text.indexOf(mark) + mark.length).split("\n") ?? [];
  const turns: readonly Tries[] = JSON.parse(script);
  const turn = turns[answers] ?? { items: [{ kind: "text", text: "Nothing is left to do." }] };
  return isTries(turn) ? nextTry(turn, `${answers} ${text}`) : turn;
}

function isTries(turn: Tries): turn is readonly ScriptedTurn[] {
  return Array.isArray(turn);
}

function nextTry(turns: readonly ScriptedTurn[], key: string): ScriptedTurn {
  const count = tries.get(key) ?? 0;
  tries.set(key, count + 1);
  const turn = turns[Math.min(count, turns.length - 1)];
  if (!turn) throw new Error("A turn needs a try at least.");
  return turn;
}
