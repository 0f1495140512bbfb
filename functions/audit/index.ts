/** An owner's audit trail, and proofs that nobody has changed it. Each read is recorded in it. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { exportTrail } from "./export-trail.ts";
import { getLogKey } from "./get-log-key.ts";
import { getRow } from "./get-row.ts";
import { listRows } from "./list-rows.ts";
import { proveConsistency } from "./prove-consistency.ts";
import { proveRow } from "./prove-row.ts";

export const service: Service = {
  name: "audit",
  summary: "The owner's audit trail, its proofs and its export",
  visibility: "edge",
  routes: [listRows, getLogKey, proveConsistency, exportTrail, getRow, proveRow],
  // An export has some megabytes in memory, and goes on for as long as its trail is.
  limits: { ...defaultLimits, concurrency: 20, memoryMib: 1_024, timeoutSeconds: 960 },
  // It reads what proves a trail. It can neither sign, nor open what is sealed.
  roles: ["firestore.main", "checkpoints.read", "kms.view.checkpoints", "secret.peppers"],
};
