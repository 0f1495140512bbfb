import { status } from "@grpc/grpc-js";
import { Faults } from "../lib/faults.ts";
import {
  type GrpcServer,
  goneSignal,
  loadService,
  startGrpcServer,
  type UnaryHandler,
} from "../lib/grpc.ts";
import { cryptoService } from "./crypto-service.ts";
import { ensureKeys, type InitialKey, keyService } from "./key-service.ts";
import { KeyStore } from "./key-store.ts";

export interface KmsOptions {
  /** Holds `kms.json` (mode 600). */
  readonly dataFolder: string;
  /** Created if they don't exist yet, each with one version. */
  readonly keys: readonly InitialKey[];
  readonly port?: number | undefined;
  readonly nowMs?: (() => number) | undefined;
}

export interface Kms extends GrpcServer {
  /** Faults that tests order for the next calls. */
  readonly faults: Faults;
}

/** Starts Cloud KMS on loopback: it really encrypts, signs and forgets. */
export async function startKms(options: KmsOptions): Promise<Kms> {
  const store = await KeyStore.open(options.dataFolder, options.nowMs ?? Date.now);
  await ensureKeys(store, options.keys);
  const service = loadService("@google-cloud/kms", "google.cloud.kms.v1.KeyManagementService");
  const faults = new Faults();
  const handlers = meeting(faults, { ...keyService(store), ...cryptoService(store) });
  return { ...(await startGrpcServer(service, handlers, options.port)), faults };
}

/** The same handlers, each preceded by the fault that is ordered for it. */
function meeting(
  faults: Faults,
  handlers: Record<string, UnaryHandler>,
): Record<string, UnaryHandler> {
  const behind = Object.entries(handlers).map(([name, handle]): [string, UnaryHandler] => [
    name,
    (call, callback) => {
      void faults.admit(name, goneSignal(call)).then((admitted) => {
        if (admitted) return handle(call, callback);
        callback({ code: status.UNAVAILABLE, details: "Refused by an ordered fault." });
      });
    },
  ]);
  return Object.fromEntries(behind);
}
