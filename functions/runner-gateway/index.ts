/** What runners call; their network can reach no other address. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { claim } from "./claim.ts";
import { getManifest, getPack } from "./get-object.ts";
import { heartbeat } from "./heartbeat.ts";
import { putManifest, putPack } from "./put-object.ts";
import { settleExecution } from "./settle-execution.ts";
import { storeEgress } from "./store-egress.ts";
import { storeEvents } from "./store-events.ts";

export const service: Service = {
  name: "runner-gateway",
  summary: "Claim, workspace, events, heartbeat and settlement of executions",
  visibility: "internal",
  routes: [
    claim,
    storeEvents,
    storeEgress,
    heartbeat,
    settleExecution,
    getManifest,
    putManifest,
    getPack,
    putPack,
  ],
  // Packs are held in memory while their hash is checked.
  limits: { ...defaultLimits, concurrency: 20, memoryMib: 2_048 },
  roles: [
    "firestore.main",
    "firestore.keys",
    "kms.unwrap.environment-secrets",
    "objects.workspace",
    "secret.gateway-tokens",
  ],
};
