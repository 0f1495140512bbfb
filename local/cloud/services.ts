import { rm } from "node:fs/promises";
import { openAccountKeys } from "../identity/account-keys.ts";
import { startIdentity } from "../identity/server.ts";
import type { InitialKey } from "../kms/key-service.ts";
import { startKms } from "../kms/server.ts";
import { writeFileAtomically } from "../lib/atomic-file.ts";
import { startLogging } from "../logging/server.ts";
import { startRun } from "../run/server.ts";
import { startStorage } from "../storage/server.ts";
import { allSettled } from "./component-stack.ts";
import { openExecutionLog } from "./execution-log.ts";
import type { Layout } from "./layout.ts";
import {
  accessLogView,
  accounts,
  archiveBucket,
  audiences,
  checkpointBucket,
  exportBucket,
  keyRing,
  projectId,
  region,
  workspaceBucket,
} from "./names.ts";
import { runnerJobs } from "./runner-jobs.ts";

const initialKeys: readonly InitialKey[] = [
  ...["environment-secrets", "trigger-secrets", "audit-details"].map((purpose) => ({
    name: `${keyRing}/cryptoKeys/${purpose}`,
    purpose: "ENCRYPT_DECRYPT" as const,
    algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" as const,
  })),
  ...["checkpoints", "certificates", "evidence"].map((purpose) => ({
    name: `${keyRing}/cryptoKeys/${purpose}`,
    purpose: "ASYMMETRIC_SIGN" as const,
    algorithm: "EC_SIGN_ED25519" as const,
  })),
];

const stdoutLog = "run.googleapis.com%2Fstdout";
const buckets = [workspaceBucket, checkpointBucket, archiveBucket, exportBucket];

/** The files in the data folder that tell scripts the `host:port` of running services. */
export const kmsHostFile = "kms-host";
export const storageHostFile = "storage-host";

/** Notes in the data folder where a service listens, for as long as it does. */
async function noted<T extends Listening>(service: T, hostFile: string): Promise<T> {
  await writeFileAtomically(hostFile, `127.0.0.1:${service.port}`);
  return service;
}

async function closeNoted(service: Listening, hostFile: string): Promise<void> {
  await rm(hostFile, { force: true });
  await service.close();
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export type Services = Awaited<ReturnType<typeof startServices>>;

/** Google's services except Firestore; all run in this process and start in a moment. */
export async function startServices(layout: Layout) {
  const { parts, folder, options, distFolder, urlOf, manifest } = layout;
  const close = (part: { close(): Promise<void> }) => part.close();
  const kept = { dataFolder: folder.path };
  const keys = await openAccountKeys(folder.path, [accounts.files]);
  const [identity, kms, storage, logging] = await allSettled([
    parts.start("identity", () => startIdentity({ ...kept, projectId, keys }), close),
    parts.start(
      "kms",
      async () =>
        await noted(await startKms({ ...kept, keys: initialKeys }), folder.file(kmsHostFile)),
      (kms) => closeNoted(kms, folder.file(kmsHostFile)),
    ),
    parts.start(
      "storage",
      async () =>
        await noted(
          await startStorage({ ...kept, buckets, hidesMissing: true, keys }),
          folder.file(storageHostFile),
        ),
      (storage) => closeNoted(storage, folder.file(storageHostFile)),
    ),
    parts.start(
      "logging",
      () =>
        startLogging({
          ...kept,
          views: { [accessLogView]: `logName="projects/${projectId}/logs/${stdoutLog}"` },
          printed: {
            projectId,
            folder: folder.file("logs"),
            functions: Object.keys(manifest.functions),
          },
        }),
      close,
    ),
  ]);
  const metadata = await identity.startMetadataServer({ email: accounts.runner });
  const ofFiles = { email: accounts.files, isForOwnUser: true };
  const filesMetadata = await identity.startMetadataServer(ofFiles);
  const executionLog = await parts.start(
    "execution log",
    async () => openExecutionLog(folder.file("logs", "executions.jsonl")),
    close,
  );
  const run = await parts.start(
    "run",
    () =>
      startRun({
        dataFolder: folder.file("run"),
        cloudId: folder.cloudId,
        projectId,
        region,
        metadataHost: `127.0.0.1:${metadata.port}`,
        jobs: runnerJobs({
          distFolder,
          gatewayUrl: options.gatewayUrl ?? urlOf("runner-gateway"),
          modelGatewayUrl: options.gatewayUrl ?? urlOf("model-gateway"),
          gatewayAudience: audiences.gateway,
          account: accounts.runner,
        }),
        limits: options.runLimits,
        containers: options.containers,
        onLine: (line) => executionLog.append(line),
      }),
    close,
  );
  return { identity, kms, storage, logging, run, filesMetadata };
}
