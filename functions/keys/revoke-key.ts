import { revokeRoute } from "./revoke-route.ts";

export const revokeKey = revokeRoute({
  endpoint: "POST /v1/keys/:keyId/revoke",
  summary: "Revoke a key. After the answer no instance accepts it, and its executions are stopped.",
  audit: "key.revoked",
  deletes: false,
  message: "The key is revoked; no instance accepts it any more.",
});
