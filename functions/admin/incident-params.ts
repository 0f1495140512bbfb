import * as z from "zod";
import { idSchema } from "#shared/core/ids";

export const incidentParams = z.object({ incidentId: idSchema("incident") });

/** What an operator writes about an incident. Owners don't see it. */
export const Note = z.string().trim().min(1).max(2_000);
