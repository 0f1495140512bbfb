/** What rows of a trail keep sealed, opened for their owner. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { openDetails } from "./open-details.ts";

export const service: Service = {
  name: "audit-details",
  summary: "Sealed details of audit rows, for their owner",
  visibility: "edge",
  routes: [openDetails],
  limits: defaultLimits,
  // It opens key pairs of audit details and no others, and signs nothing.
  roles: ["firestore.main", "firestore.keys", "kms.unwrap.audit-details", "secret.peppers"],
};
