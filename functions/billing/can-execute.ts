import * as z from "zod";
import { budgetStatus } from "#shared/answers/budget-status";
import { BudgetStatus } from "#shared/contract/budget";
import { noParams, ok, usd } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { query } from "#shared/pipeline/route";
import { profiles } from "#shared/protocol/job";
import { previewStart, readPlace } from "./preview-start.ts";

export const canExecute = query({
  endpoint: "GET /v1/budget/can-execute",
  summary: "Whether an execution could start now, and if not, with which code it would be refused.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: z.object({
    environmentId: idSchema("environment").optional(),
    computeProfile: z.enum(profiles).optional(),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: {
    200: z.object({
      canExecute: z.boolean(),
      /** The code and message of the refusal; null if the execution could start. */
      code: z.string().nullable(),
      message: z.string().nullable(),
      retryAfterSeconds: z.int().nullable(),
      /** The amount that would be held at the start. */
      required: z.number(),
      budgetStatus: BudgetStatus,
    }),
  },
  read: async ({ caller, query, deps }) => await readPlace(deps.store, caller.owner, query),
  answer({ caller, data, now }) {
    const { refusal, requiredMicrousd } = previewStart(caller.key, data, now);
    const retryAfterS = refusal?.headers["retry-after"];
    return ok({
      canExecute: refusal === null,
      code: refusal?.code ?? null,
      message: refusal?.message ?? null,
      retryAfterSeconds: retryAfterS === undefined ? null : Number(retryAfterS),
      required: usd(requiredMicrousd),
      budgetStatus: budgetStatus(data.account, now),
    });
  },
});
