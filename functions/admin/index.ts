/** What operators do: a Google identity each, never an API key. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createFirstOperator } from "./create-first-operator.ts";
import { createOwner } from "./create-owner.ts";
import { creditOwner } from "./credit-owner.ts";
import { getOwner } from "./get-owner.ts";

export const service: Service = {
  name: "admin",
  summary: "Operators: owners and credit",
  visibility: "edge",
  routes: [createFirstOperator, createOwner, getOwner, creditOwner],
  limits: defaultLimits,
  roles: ["firestore.main", "firestore.keys", "kms.wrap.audit-details", "secret.peppers"],
};
