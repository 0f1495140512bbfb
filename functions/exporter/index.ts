/** Makes the archives that owners ask for; nothing here is reachable from outside. */
import { longestCallSeconds } from "#shared/core/limits/longest-call";
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { buildExports } from "./build-exports.ts";

export const service: Service = {
  name: "exporter",
  summary: "Builds archives of whole accounts",
  visibility: "internal",
  routes: [buildExports],
  // The scheduler waits for at most half an hour. Manifests and pieces of files are in memory.
  limits: {
    ...defaultLimits,
    concurrency: 1,
    instancesMax: 2,
    timeoutSeconds: longestCallSeconds,
    memoryMib: 1_024,
  },
  // It reads everything that is an owner's and can open nothing that is sealed. What it stores it
  // can neither read again nor overwrite.
  roles: [
    "firestore.main",
    "objects.read",
    "exports.store",
    "checkpoints.read",
    "kms.view.checkpoints",
  ],
};
