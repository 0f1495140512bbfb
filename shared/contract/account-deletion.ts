import * as z from "zod";

export const AccountDeletionBody = z.object({
  userId: z.string(),
  state: z.enum(["pending", "cancelled", "erasing", "checking", "erased"]),
  requestedAt: z.string(),
  /** Until then it can be cancelled. */
  cancellableUntil: z.string(),
  finishedAt: z.string().nullable(),
  /** A signed note that lists what was erased and what is kept, and why; null until it is over. */
  certificate: z.string().nullable(),
  /** The public key that verifies the note, in the form `name+id+key`. */
  certificateKey: z.string().nullable(),
});

/** The answer to the order. The receipt is shown once. */
export const AccountDeletionOrdered = z.object({
  success: z.literal(true),
  userId: z.string(),
  message: z.string(),
  receipt: z.string(),
  /** Whether no instance accepts the account's keys any more; otherwise within seconds. */
  keysClosed: z.boolean(),
  deletion: AccountDeletionBody,
});
