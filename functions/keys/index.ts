/** API keys of the caller's own account: made, listed, renamed, rotated, ended. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createKey } from "./create-key.ts";
import { deleteKey } from "./delete-key.ts";
import { getKey } from "./get-key.ts";
import { listKeys } from "./list-keys.ts";
import { revokeKey } from "./revoke-key.ts";
import { rotateKey } from "./rotate-key.ts";
import { updateKey } from "./update-key.ts";

export const service: Service = {
  name: "keys",
  summary: "API keys",
  visibility: "edge",
  routes: [createKey, listKeys, getKey, updateKey, rotateKey, revokeKey, deleteKey],
  limits: defaultLimits,
  roles: ["firestore.main", "jobs.cancel", "secret.peppers"],
};
