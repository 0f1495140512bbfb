/** Executions: one run of one message on one thread, while it runs and afterwards. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getEgress } from "./get-egress.ts";
import { getExecution } from "./get-execution.ts";
import { followExecution } from "./stream-execution-events.ts";

export const service: Service = {
  name: "executions",
  summary: "Executions, their state, money, events and egress log",
  visibility: "edge",
  routes: [getExecution, followExecution, getEgress],
  // As for `threads`: a stream ends itself shortly before the platform would.
  limits: { ...defaultLimits, concurrency: 200, memoryMib: 1_024, timeoutSeconds: 960 },
  roles: ["firestore.main", "secret.peppers"],
};
