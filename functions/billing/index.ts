/** What an account has, has set aside and has spent. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getBudget } from "./get-budget.ts";
import { listRecords } from "./list-records.ts";

export const service: Service = {
  name: "billing",
  summary: "Budget and billing records",
  visibility: "edge",
  routes: [getBudget, listRecords],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
