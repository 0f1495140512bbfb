import * as z from "zod";
import { systemCollection } from "./documents.ts";

/** How far maintenance's rounds over all owners have come. */
export const ownerRounds = systemCollection(
  "system",
  z.object({ v: z.literal(1), afterOwnerId: z.string().nullable() }),
);
