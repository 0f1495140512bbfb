import type { FurtherScopes } from "#shared/keys/further-scopes";

/** An archive holds what all of these show, so its key could read each of it anyway. */
export const toReadEverything: FurtherScopes<unknown> = {
  scopes: [
    "threads:read",
    "agents:read",
    "environments:read",
    "schedules:read",
    "billing:read",
    "keys:read",
    "audit:read",
  ],
};
