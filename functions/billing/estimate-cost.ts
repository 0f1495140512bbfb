import * as z from "zod";
import { budgetStatus } from "#shared/answers/budget-status";
import { BudgetStatus } from "#shared/contract/budget";
import { noParams, noQuery, ok, usd } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { executionCostMicrousd, microusdPerMinute } from "#shared/core/money/pricing";
import { jsonBytesMax, query } from "#shared/pipeline/route";
import { profiles } from "#shared/protocol/job";
import { previewStart, readPlace } from "./preview-start.ts";

const Estimate = z.object({
  environmentId: z.string().nullable(),
  computeProfile: z.enum(profiles),
  pricePerMinute: z.number(),
  /** How long it may run before it is stopped. */
  timeLimitMs: z.int(),
  /** The charge for an execution that ends at once. */
  minCost: z.number(),
  /** No execution is charged more than this. */
  maxCost: z.number(),
  /** The amount that would be held at the start; more is held in slices while it runs. */
  initialHold: z.number(),
});

export const estimateCost = query({
  endpoint: "POST /v1/budget/estimate",
  summary: "The highest cost of an execution, and whether the account can pay it now (BUD-8).",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: z.object({
    environmentId: idSchema("environment").optional(),
    computeProfile: z.enum(profiles).optional(),
  }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "reads",
  reply: {
    200: z.object({
      estimate: Estimate,
      /**
       * Whether the highest cost could be held now; if so, only other spending can end it early.
       */
      affordable: z.boolean(),
      /** Whether it could start, even if the money may not last for all of its time. */
      canExecute: z.boolean(),
      code: z.string().nullable(),
      message: z.string().nullable(),
      budgetStatus: BudgetStatus,
    }),
  },
  read: async ({ caller, body, deps }) => await readPlace(deps.store, caller.owner, body),
  answer({ caller, data, now }) {
    const answer = previewStart(caller.key, data, now);
    const { profile } = data;
    const leastMicrousd = executionCostMicrousd({ profile, wallClockMs: answer.wallClockMs }, 0);
    return ok({
      estimate: {
        environmentId: data.environmentId,
        computeProfile: data.profile,
        pricePerMinute: usd(microusdPerMinute[data.profile]),
        timeLimitMs: answer.wallClockMs,
        minCost: usd(Math.min(leastMicrousd, answer.maxMicrousd)),
        maxCost: usd(answer.maxMicrousd),
        initialHold: usd(answer.requiredMicrousd),
      },
      affordable: answer.affordable,
      canExecute: answer.refusal === null,
      code: answer.refusal?.code ?? null,
      message: answer.refusal?.message ?? null,
      budgetStatus: budgetStatus(data.account, now),
    });
  },
});
