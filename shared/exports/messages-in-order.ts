import type { Owner } from "../identity/owner.ts";
import type { ReadStore } from "../store/store.ts";
import { type Message, messages, type Thread, threads } from "../store/threads.ts";
import { allOf, allThroughout, valuesOf } from "./all-of.ts";
import { joined } from "./joined.ts";

/** The characters of a thread's messages that are in memory at once. */
const heldCharactersMax = 512 * 1024;

interface Written {
  readonly threadId: string;
  readonly message: Message;
}

/**
 * All messages of threads that exist: thread after thread by their ids, and in each in the order in
 * which they were written. Message ids have no order, so a thread's are sorted here; those of a
 * thread that doesn't fit are read once more, in order.
 */
export async function* messagesInOrder(
  store: Pick<ReadStore, "walk" | "walkGroup">,
  owner: Owner,
): AsyncGenerator<Written> {
  const every = valuesOf(allThroughout(store, threads.throughout(owner)));
  let held = new Held();
  for await (const { of: thread, value } of joined(
    every,
    allThroughout(store, messages.throughout(owner)),
  )) {
    if (thread.id !== held.thread?.id) {
      yield* ofThread(store, owner, held);
      held = new Held(thread);
    }
    held.add(value);
  }
  yield* ofThread(store, owner, held);
}

/** The messages of one thread, as long as they fit. */
class Held {
  readonly thread: Thread | null;
  #messages: Message[] | null = [];
  #characters = 0;

  constructor(thread: Thread | null = null) {
    this.thread = thread;
  }

  add(message: Message): void {
    this.#characters += message.content.length;
    if (this.#characters > heldCharactersMax) this.#messages = null;
    this.#messages?.push(message);
  }

  /** Null if there are too many. */
  inOrder(): readonly Message[] | null {
    const order = (one: Message, other: Message) =>
      one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1);
    return this.#messages?.sort(order) ?? null;
  }
}

async function* ofThread(
  store: Pick<ReadStore, "walk">,
  owner: Owner,
  held: Held,
): AsyncGenerator<Written> {
  if (held.thread === null) return;
  const { id: threadId } = held.thread;
  const inOrder =
    held.inOrder() ?? allOf(store, messages.all(owner, threadId), { field: "createdAt" });
  for await (const message of inOrder) yield { threadId, message };
}
