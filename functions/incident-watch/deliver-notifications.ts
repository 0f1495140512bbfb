import * as z from "zod";
import { ok } from "#shared/contract/common";
import { deliverDue } from "#shared/notifications/deliver-due";
import { logFailure } from "#shared/pipeline/request-log";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";

/** After this time a call begins no further attempt. The platform ends the call after 120 s. */
const workingMsMax = 45_000;

export const deliverNotifications = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/deliver",
  summary: "Send the notifications that are due, by mail and webhook.",
  everyMs: 60_000,
  reply: { 200: z.object({ due: z.int(), confirmed: z.int(), failed: z.int() }) },
  // It works for all owners, and what it sends can't be undone.
  perform: async ({ deps }) => {
    const beganAt = deps.now();
    const isLate = () => deps.now() > beganAt + workingMsMax;
    return ok(await deliverDue(deps, { isLate, report: logFailure }));
  },
});
