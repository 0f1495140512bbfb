/** The conversation that a run begins with: the thread's earlier messages, and the task. */
import type { ThreadMessage } from "#shared/protocol/language-model";
import type { LanguageTask } from "../model.ts";
import { withText } from "./compaction.ts";
import { type Message, userText } from "./conversation.ts";
import { estimateText } from "./token-estimate.ts";

/** The share of the model's context that earlier messages may take. */
const historyShare = 0.4;
const gap = "[Older messages of this conversation are left out.]";
/** Providers refuse a text of blanks, and a conversation without any. */
const blank = "[The message holds nothing but blanks.]";

type Told = Pick<LanguageTask, "history" | "isHistoryCut" | "content" | "entry">;

export function openingMessages({ history, isHistoryCut, content, entry }: Told): Message[] {
  const kept = newestThatFit(history, entry.contextTokens * historyShare);
  const isCut = isHistoryCut || kept.length < history.length;
  let messages: Message[] = isCut ? [userText(gap)] : [];
  for (const { role, content: text } of kept) {
    if (text.trim() === "") continue;
    // A conversation begins with the user.
    if (role === "assistant" && messages.length === 0) continue;
    if (role === "user") messages = withText(messages, text);
    else messages.push({ role, parts: [{ type: "text", text }] });
  }
  return withText(messages, content.trim() === "" ? blank : content);
}

function newestThatFit(
  history: readonly ThreadMessage[],
  roomTokens: number,
): readonly ThreadMessage[] {
  let start = history.length;
  let tokens = 0;
  for (let index = history.length - 1; index >= 0; index -= 1) {
    tokens += estimateText(history[index]?.content ?? "");
    if (tokens > roomTokens) break;
    start = index;
  }
  return history.slice(start);
}
