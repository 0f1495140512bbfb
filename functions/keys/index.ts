/** API keys of the caller's own account: made, listed, revoked. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createKey } from "./create-key.ts";
import { listKeys } from "./list-keys.ts";
import { revokeKey } from "./revoke-key.ts";

export const service: Service = {
  name: "keys",
  summary: "API keys",
  visibility: "edge",
  routes: [createKey, listKeys, revokeKey],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
