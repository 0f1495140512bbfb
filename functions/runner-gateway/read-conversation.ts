import { allInOrder } from "#shared/errors/all-in-order";
import { shellModel } from "#shared/executions/models";
import type { Owner } from "#shared/identity/owner";
import {
  type Conversation,
  historyLengthMax,
  historyTextMax,
  type ThreadMessage,
} from "#shared/protocol/language-model";
import type { ClaimedSkills } from "#shared/protocol/skill";
import { environments } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { messages } from "#shared/store/threads";
import { readSkills } from "./read-skills.ts";

/** The most of an environment's documentation that a model reads, in UTF-16 units. */
const documentationTextMax = 128 * 1024;

/** A text may take three bytes a unit, and has fields beside it. */
const readBytesMax = 4 * historyTextMax;

export interface ReadConversation {
  readonly conversation: Conversation;
  /** The environment's list as it is stored in clear; null if the environment is gone. */
  readonly mcpServersJson: string | null;
  readonly skills: ClaimedSkills;
}

/**
 * What a language model reads besides its task: the thread's earlier messages, newest first until
 * their bound, and the environment's documentation. Null for `shell`, which reads nothing.
 */
export async function readConversation(
  deps: { readonly store: ReadStore },
  owner: Owner,
  { task, threadId, environmentId, messageId }: Execution,
): Promise<ReadConversation | null> {
  if (task.model === shellModel) return null;
  // The task's own message is stored already, and is the newest.
  const newest = { orderBy: [["createdAt", "desc"]] as const, limit: historyLengthMax + 1 };
  const [{ found, isEnd }, environment, skills] = await allInOrder([
    deps.store.walk(messages.all(owner, threadId), newest, { bytesMax: readBytesMax }),
    deps.store.get(environments.of(owner, environmentId)),
    readSkills(deps.store, owner, task.enabledSkills),
  ]);
  const earlier = found.map(({ value }) => value).filter(({ id }) => id !== messageId);
  return {
    conversation: {
      ...historyOf(earlier, isEnd),
      documentation: fittingTexts(environment.value?.documentation ?? []),
      reasoningEffort: task.reasoningEffort,
    },
    mcpServersJson: environment.value?.mcpServersJson ?? null,
    skills,
  };
}

/**
 * The newest messages that fit, oldest first. Pure.
 * @param isComplete Whether there are certainly no older ones than those given.
 */
export function historyOf(
  newestFirst: readonly ThreadMessage[],
  isComplete: boolean,
): Pick<Conversation, "history" | "isHistoryCut"> {
  const history: ThreadMessage[] = [];
  let length = 0;
  for (const { role, content } of newestFirst.slice(0, historyLengthMax)) {
    length += content.length;
    if (length > historyTextMax) break;
    history.unshift({ role, content });
  }
  return { history, isHistoryCut: !isComplete || history.length < newestFirst.length };
}

/**
 * The texts of a documentation that fit, whole and in order: the runner removes secrets from them,
 * and wouldn't know a part of one at a cut. A sentence says of others that they are missing. Pure.
 */
export function fittingTexts(texts: string[]): string[] {
  let room = documentationTextMax;
  const first = texts.findIndex((text) => {
    room -= text.length;
    return room < 0;
  });
  if (first < 0) return texts;
  const left = texts.length - first;
  return [
    ...texts.slice(0, first),
    `(Left out for want of room: ${left} of ${texts.length} texts.)`,
  ];
}
