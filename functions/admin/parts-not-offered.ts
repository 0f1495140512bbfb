/** Parts of the public API for operators that these operators don't need. */
import { notOffered } from "#shared/pipeline/not-offered";

const subscriptions = "Subscriptions aren't";
const dashboards = "Dashboards aren't";
const schedules = "Running schedules by hand, which start by themselves, isn't";

export const partsNotOffered = [
  notOffered("POST /v1/billing/admin/:userId/subscription", subscriptions),
  notOffered("POST /v1/billing/admin/:userId/subscription/*", subscriptions),
  notOffered("GET /v1/admin/dashboard", dashboards),
  notOffered("GET /v1/admin/dashboard/*", dashboards),
  notOffered("GET /v1/admin/schedules/process-due", schedules),
  notOffered("POST /v1/admin/schedules/process-due", schedules),
];
