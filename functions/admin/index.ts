/** What operators do. They authenticate with a Google identity, never with an API key. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { assignIncident } from "./assign-incident.ts";
import { confirmCredit } from "./confirm-credit.ts";
import { containIncident } from "./contain-incident.ts";
import { createFirstOperator } from "./create-first-operator.ts";
import { createIncident } from "./create-incident.ts";
import { createOperator } from "./create-operator.ts";
import { createOwner } from "./create-owner.ts";
import { createOwnersKey } from "./create-owners-key.ts";
import { addCredits, adjustOwner, creditOwner, topUp } from "./credit-owner.ts";
import { declineCredit } from "./decline-credit.ts";
import { cancelOwnersDeletion, deleteOwner, getOwnersDeletion } from "./delete-owner.ts";
import { getIncident } from "./get-incident.ts";
import { getOwner } from "./get-owner.ts";
import { getOwnerBudget } from "./get-owner-budget.ts";
import { listCreditRequests } from "./list-credit-requests.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { listIncidents } from "./list-incidents.ts";
import { listPeppers } from "./list-peppers.ts";
import { moveIncident } from "./move-incident.ts";
import { noteIncident } from "./note-incident.ts";
import { notifyAffected } from "./notify-affected.ts";
import { partsNotOffered } from "./parts-not-offered.ts";
import { redeliver } from "./redeliver.ts";
import { releaseContainment } from "./release-containment.ts";
import { removeOperator } from "./remove-operator.ts";
import { resumeOwner } from "./resume-owner.ts";
import { revokeOwnersKeys } from "./revoke-owners-keys.ts";
import { searchRequests } from "./search-requests.ts";
import { setAuditor } from "./set-auditor.ts";
import { setOwnerLimits } from "./set-owner-limits.ts";
import { suspendOwner } from "./suspend-owner.ts";
import { vouchForOperator } from "./vouch-for-operator.ts";
import { writeNotice } from "./write-notice.ts";

export const service: Service = {
  name: "admin",
  summary: "Operators: owners, credit, limits and incidents",
  visibility: "edge",
  routes: [
    ...[createFirstOperator, createOperator, vouchForOperator, removeOperator],
    ...[setAuditor, searchRequests],
    ...[createOwner, getOwner],
    ...[suspendOwner, resumeOwner, listPeppers],
    ...[deleteOwner, cancelOwnersDeletion, getOwnersDeletion],
    ...[createOwnersKey, revokeOwnersKeys],
    ...[creditOwner, adjustOwner, listCreditRequests, confirmCredit, declineCredit],
    ...[addCredits, topUp, setOwnerLimits, getOwnerBudget],
    ...[createIncident, listIncidents, getIncident, assignIncident, moveIncident, noteIncident],
    ...[containIncident, releaseContainment],
    ...[writeNotice, notifyAffected, listDeliveries, redeliver],
    ...partsNotOffered,
  ],
  limits: defaultLimits,
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.cancel",
    "logs.access",
    "kms.wrap.audit-details",
    "secret.peppers",
  ],
};
