import * as z from "zod";
import { ok } from "#shared/contract/common";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { deliverDue } from "./deliver-due.ts";
import { workingMsMax } from "./watch-turn.ts";

export const deliverNotifications = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/deliver",
  summary: "Send the notifications that are due, by mail and webhook.",
  everyMs: 60_000,
  reply: { 200: z.object({ due: z.int(), confirmed: z.int(), failed: z.int() }) },
  // It works for all owners, and what it sends can't be undone.
  perform: async ({ deps }) => {
    return ok(await deliverDue(deps, workingMsMax));
  },
});
