import * as z from "zod";

/** What deletions answer, in the forms of all clients of the public API. */
export const Deleted = z.object({
  success: z.literal(true),
  deleted: z.literal(true),
  id: z.string(),
  /** Whether nothing of it is stored any more. Otherwise it is erased within minutes. */
  erased: z.boolean(),
  message: z.string(),
});
