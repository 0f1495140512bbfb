/** Environments: the computers that executions run on, and their sealed secrets. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getConfig, setConfig } from "./config.ts";
import { createEnvironment } from "./create-environment.ts";
import { createSecret } from "./create-secret.ts";
import { deleteEnvironment } from "./delete-environment.ts";
import { deleteSecret } from "./delete-secret.ts";
import { forkFromChange, forkFromSnapshot } from "./fork-environment.ts";
import { getEnvironmentAnalytics, getEnvironmentStatus } from "./get-activity.ts";
import { getBuildLogs, getBuildStatus } from "./get-build.ts";
import { getDefaultEnvironment } from "./get-default-environment.ts";
import { getEnvironment } from "./get-environment.ts";
import { listEnvironments } from "./list-environments.ts";
import { listSecrets } from "./list-secrets.ts";
import { partsNotOffered } from "./parts-not-offered.ts";
import { putSecret } from "./put-secret.ts";
import { setDefault } from "./set-default.ts";
import { stopEnvironment } from "./stop-environment.ts";
import { replaceEnvironment, updateEnvironment } from "./update-environment.ts";

export const service: Service = {
  name: "environments",
  summary: "Environments and their secrets",
  visibility: "edge",
  routes: [
    createEnvironment,
    listEnvironments,
    getDefaultEnvironment,
    getEnvironment,
    updateEnvironment,
    deleteEnvironment,
    forkFromSnapshot,
    forkFromChange,
    replaceEnvironment,
    setDefault,
    getEnvironmentStatus,
    stopEnvironment,
    getEnvironmentAnalytics,
    getConfig,
    setConfig,
    getBuildStatus,
    getBuildLogs,
    listSecrets,
    createSecret,
    putSecret,
    deleteSecret,
    ...partsNotOffered,
  ],
  limits: defaultLimits,
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.cancel",
    "kms.wrap.environment-secrets",
    "secret.peppers",
  ],
};
