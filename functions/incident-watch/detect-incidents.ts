import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { ok } from "#shared/contract/common";
import { detectRows } from "#shared/incidents/detect-rows";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { newTurn } from "./watch-turn.ts";

const Outcome = z.object({
  rows: z.int(),
  anomalies: z.int(),
  incidents: z.int(),
  raced: z.int(),
  failed: z.int(),
});

export const detectIncidents = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/detect",
  summary: "Judge the audit rows that no detector has seen, and open incidents.",
  everyMs: 60_000,
  reply: { 200: Outcome },
  // It works on rows of all owners.
  perform: async ({ deps }) => {
    const { incidents } = deploymentLimits();
    return ok({ ...(await detectRows(deps, incidents, newTurn(deps))) });
  },
});
