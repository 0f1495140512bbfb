import { type GrpcServer, loadService, startGrpcServer } from "../lib/grpc.ts";
import { cryptoService } from "./crypto-service.ts";
import { ensureKeys, type InitialKey, keyService } from "./key-service.ts";
import { KeyStore } from "./key-store.ts";

export interface KmsOptions {
  /** Holds `kms.json`, mode 600. */
  readonly dataFolder: string;
  /** Created when they aren't there yet, each with one version. */
  readonly keys: readonly InitialKey[];
  readonly port?: number | undefined;
  readonly nowMs?: (() => number) | undefined;
}

/** Starts Cloud KMS on loopback: it really encrypts, signs and forgets. */
export async function startKms(options: KmsOptions): Promise<GrpcServer> {
  const store = await KeyStore.open(options.dataFolder, options.nowMs ?? Date.now);
  await ensureKeys(store, options.keys);
  const service = loadService("@google-cloud/kms", "google.cloud.kms.v1.KeyManagementService");
  const handlers = { ...keyService(store), ...cryptoService(store) };
  return await startGrpcServer(service, handlers, options.port);
}
