import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/** The hour in which a key's reads by one route were recorded last; see `record-read.ts`. */
const AuditRead = z.object({
  v: z.literal(1),
  /** Hours since 1970. */
  hour: z.int(),
  expireAt: z.date(),
});
/** The id has the key's and the route's name. */
export const auditReads = ownedCollection(["auditReads"], AuditRead);
