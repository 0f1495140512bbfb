import { revokeRoute } from "./revoke-route.ts";

export const revokeKey = revokeRoute({
  endpoint: "POST /v1/keys/:keyId/revoke",
  summary: "Revoke a key: from this answer on no instance accepts it, and what it ran is stopped.",
  audit: "key.revoked",
  deletes: false,
  message: "The key is revoked; no instance accepts it any more.",
});
