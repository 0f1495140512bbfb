import * as z from "zod";
import { RefusalCounts } from "../core/keys/refused-uses.ts";
import { ownedCollection } from "./documents.ts";

/** How often uses of a key were refused in an hour; see `shared/keys/refused-key-uses.ts`. */
const KeyRefusals = z.object({
  v: z.literal(1),
  counts: RefusalCounts,
  expireAt: z.date(),
});
/** The id has the key's and the hour since 1970. */
export const keyRefusals = ownedCollection(["keyRefusals"], KeyRefusals);
