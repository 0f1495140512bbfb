import * as z from "zod";
import { systemCollection } from "./documents.ts";

export const accountDeletionStates = [
  /** It can be cancelled. */
  "pending",
  "cancelled",
  /** What is stored is being erased. */
  "erasing",
  /** Everything is erased; what may have been written meanwhile is searched for later. */
  "checking",
  "erased",
] as const;

/** What is kept of an account by law or as a proof, as it was before anything was erased. */
export const KeptOfAccount = z.object({
  archive: z.string(),
  archiveObjects: z.int().min(0),
  archiveSha256: z.string().nullable(),
  treeSize: z.int().min(0),
  treeRoot: z.string().nullable(),
});
export type KeptOfAccount = z.infer<typeof KeptOfAccount>;

/** The deletion of an account. Its id is the owner's. */
export const AccountDeletion = z.object({
  v: z.literal(1),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  state: z.enum(accountDeletionStates),
  /** Who holds the receipt may see the deletion, and cancel it while that is possible. */
  receiptSha256: z.string(),
  requestedAt: z.int(),
  requestId: z.string(),
  actor: z.object({ type: z.enum(["key", "operator"]), id: z.string() }),
  /** Until then it can be cancelled. */
  eraseAt: z.int(),
  /** When maintenance goes on; null once nothing remains to be done. */
  dueAt: z.int().nullable(),
  kept: KeptOfAccount.nullable(),
  /** No search for remains before: sessions of the account's uploads may store something. */
  searchAt: z.int().default(0),
  finishedAt: z.int().nullable(),
  /** A signed note (https://c2sp.org/signed-note); null until everything is erased. */
  certificate: z.string().nullable(),
  /** The key that verifies it, in the form `name+id+key`. */
  certificateKey: z.string().nullable().default(null),
});
export type AccountDeletion = z.infer<typeof AccountDeletion>;
export const accountDeletions = systemCollection("accountDeletions", AccountDeletion);
