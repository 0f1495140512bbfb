/** What operators do. They authenticate with a Google identity, never with an API key. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { confirmCredit } from "./confirm-credit.ts";
import { createFirstOperator } from "./create-first-operator.ts";
import { createOperator } from "./create-operator.ts";
import { createOwner } from "./create-owner.ts";
import { createOwnersKey } from "./create-owners-key.ts";
import { addCredits, adjustOwner, creditOwner, topUp } from "./credit-owner.ts";
import { declineCredit } from "./decline-credit.ts";
import { cancelOwnersDeletion, deleteOwner, getOwnersDeletion } from "./delete-owner.ts";
import { getOwner } from "./get-owner.ts";
import { getOwnerBudget } from "./get-owner-budget.ts";
import { listCreditRequests } from "./list-credit-requests.ts";
import { listPeppers } from "./list-peppers.ts";
import { removeOperator } from "./remove-operator.ts";
import { resumeOwner } from "./resume-owner.ts";
import { revokeOwnersKeys } from "./revoke-owners-keys.ts";
import { setOwnerLimits } from "./set-owner-limits.ts";
import { suspendOwner } from "./suspend-owner.ts";
import { vouchForOperator } from "./vouch-for-operator.ts";

export const service: Service = {
  name: "admin",
  summary: "Operators: owners, credit and limits",
  visibility: "edge",
  routes: [
    ...[createFirstOperator, createOperator, vouchForOperator, removeOperator],
    ...[createOwner, getOwner],
    ...[suspendOwner, resumeOwner, listPeppers],
    ...[deleteOwner, cancelOwnersDeletion, getOwnersDeletion],
    ...[createOwnersKey, revokeOwnersKeys],
    ...[creditOwner, adjustOwner, listCreditRequests, confirmCredit, declineCredit],
    ...[addCredits, topUp, setOwnerLimits, getOwnerBudget],
  ],
  limits: defaultLimits,
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.cancel",
    "kms.wrap.audit-details",
    "secret.peppers",
  ],
};
