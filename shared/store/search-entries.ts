import * as z from "zod";
import { termsOf } from "../core/search/terms.ts";
import type { Owner } from "../identity/owner.ts";
import { overwrite, ownedCollection, remove, type Write } from "./documents.ts";

/**
 * The words of one message, or of the title of a thread, by which it is found. It is written and
 * removed in the commit that writes or removes the text. Its id is that of the message or thread.
 */
export const SearchEntry = z.object({
  v: z.literal(1),
  id: z.string(),
  threadId: z.string(),
  environmentId: z.string(),
  kind: z.enum(["title", "message"]),
  /** Words, and pairs of neighbouring words with a space between. */
  terms: z.array(z.string()),
  /** How long the text is, in UTF-16 units. */
  length: z.int().min(0),
  createdAt: z.int(),
});
export type SearchEntry = z.infer<typeof SearchEntry>;

export const searchEntries = ownedCollection(["searchEntries"], SearchEntry, "environmentId");

interface InThread {
  readonly threadId: string;
  readonly environmentId: string;
}

/** The write that makes a message known to the search. */
export function indexMessage(
  owner: Owner,
  { threadId, environmentId }: InThread,
  message: { readonly id: string; readonly content: string; readonly createdAt: number },
): Write {
  const { id, content, createdAt } = message;
  const text = { kind: "message", terms: termsOf(content), length: content.length } as const;
  const entry = { v: 1 as const, id, threadId, environmentId, ...text, createdAt };
  return overwrite(searchEntries.of(owner, id), entry);
}

/** The write that makes a title known to the search instead of an earlier one. */
export function indexTitle(
  owner: Owner,
  thread: {
    readonly id: string;
    readonly environmentId: string;
    readonly title: string | null;
    readonly createdAt: number;
  },
): Write {
  const { id, environmentId, title, createdAt } = thread;
  if (title === null) return forget(owner, id);
  const text = { kind: "title", terms: termsOf(title), length: title.length } as const;
  const entry = { v: 1 as const, id, threadId: id, environmentId, ...text, createdAt };
  return overwrite(searchEntries.of(owner, id), entry);
}

/** The write that takes a message or a title out of the search. */
export function forget(owner: Owner, id: string): Write {
  return remove(searchEntries.of(owner, id), null);
}
