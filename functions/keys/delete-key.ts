import { revokeRoute } from "./revoke-route.ts";

export const deleteKey = revokeRoute({
  endpoint: "DELETE /v1/keys/:keyId",
  summary: "Revoke a key and remove it from lists; the audit trail keeps it.",
  audit: "key.deleted",
  deletes: true,
  message: "The key is deleted; no instance accepts it any more.",
});
