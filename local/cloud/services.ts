import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startIdentity } from "../identity/server.ts";
import type { InitialKey } from "../kms/key-service.ts";
import { type Kms, startKms } from "../kms/server.ts";
import { writeFileAtomically } from "../lib/atomic-file.ts";
import { startLogging } from "../logging/server.ts";
import { startRun } from "../run/server.ts";
import { startStorage } from "../storage/server.ts";
import { allSettled } from "./component-stack.ts";
import { openExecutionLog } from "./execution-log.ts";
import type { Layout } from "./layout.ts";
import {
  accounts,
  audiences,
  checkpointBucket,
  keyRing,
  projectId,
  region,
  workspaceBucket,
} from "./names.ts";
import { runnerJobs } from "./runner-jobs.ts";

const keys: readonly InitialKey[] = [
  ...["environment-secrets", "trigger-secrets", "audit-details"].map((purpose) => ({
    name: `${keyRing}/cryptoKeys/${purpose}`,
    purpose: "ENCRYPT_DECRYPT" as const,
    algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" as const,
  })),
  {
    name: `${keyRing}/cryptoKeys/checkpoints`,
    purpose: "ASYMMETRIC_SIGN",
    algorithm: "EC_SIGN_ED25519",
  },
];

/** The file in the data folder that tells scripts the running KMS's `host:port`. */
export const kmsHostFile = "kms-host";

async function startKept(dataFolder: string): Promise<Kms> {
  const kms = await startKms({ dataFolder, keys });
  await writeFileAtomically(join(dataFolder, kmsHostFile), `127.0.0.1:${kms.port}`);
  return kms;
}

async function closeKept(kms: Kms, dataFolder: string): Promise<void> {
  await rm(join(dataFolder, kmsHostFile), { force: true });
  await kms.close();
}

export type Services = Awaited<ReturnType<typeof startServices>>;

/** Google's services except Firestore; all run in this process and start in a moment. */
export async function startServices({ parts, folder, options, distFolder, urlOf }: Layout) {
  const close = (part: { close(): Promise<void> }) => part.close();
  const kept = { dataFolder: folder.path };
  const [identity, kms, storage, logging] = await allSettled([
    parts.start("identity", () => startIdentity({ ...kept, projectId }), close),
    parts.start(
      "kms",
      () => startKept(kept.dataFolder),
      (kms) => closeKept(kms, kept.dataFolder),
    ),
    parts.start(
      "storage",
      () => startStorage({ ...kept, buckets: [workspaceBucket, checkpointBucket] }),
      close,
    ),
    parts.start("logging", () => startLogging(kept), close),
  ]);
  const metadata = await identity.startMetadataServer({ email: accounts.runner });
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
          gatewayUrl: urlOf("runner-gateway"),
          gatewayAudience: audiences.gateway,
          account: accounts.runner,
        }),
        limits: options.runLimits,
        containers: options.containers,
        onLine: (line) => executionLog.append(line),
      }),
    close,
  );
  return { identity, kms, storage, logging, run };
}
