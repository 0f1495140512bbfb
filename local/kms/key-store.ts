/** Key rings, keys and versions, stored in one file that only its owner may read. */
import { join } from "node:path";
import * as z from "zod";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";
import { alreadyExists, failedPrecondition, notFound } from "../lib/grpc.ts";
import { Queue } from "../lib/queue.ts";
import { Algorithm, generateMaterial } from "./cipher.ts";

export const VersionState = z.enum(["ENABLED", "DISABLED", "DESTROY_SCHEDULED", "DESTROYED"]);
export type VersionState = z.infer<typeof VersionState>;

const KeyVersion = z.object({
  number: z.int().min(1),
  state: VersionState,
  createdAtMs: z.number(),
  /** When the material will be, or was, destroyed. */
  destroyAtMs: z.number().nullable(),
  /** Base64; null once destroyed. */
  material: z.string().nullable(),
});
export type KeyVersion = z.infer<typeof KeyVersion>;

const CryptoKey = z.object({
  purpose: z.enum(["ENCRYPT_DECRYPT", "ASYMMETRIC_SIGN"]),
  algorithm: Algorithm,
  createdAtMs: z.number(),
  destroyDelayMs: z.number(),
  labels: z.record(z.string(), z.string()),
  /** A version's number; null for signing keys, and before the first version. */
  primary: z.int().nullable(),
  versions: z.array(KeyVersion),
});
export type CryptoKey = z.infer<typeof CryptoKey>;

/** Files from before keys had an algorithm, which their purpose determined. */
const StoredKey = z.preprocess((stored) => {
  const isKey = typeof stored === "object" && stored !== null;
  if (!isKey || "algorithm" in stored) return stored;
  const isSecret = "purpose" in stored && stored.purpose === "ENCRYPT_DECRYPT";
  return { ...stored, algorithm: isSecret ? "GOOGLE_SYMMETRIC_ENCRYPTION" : "EC_SIGN_P256_SHA256" };
}, CryptoKey);

const State = z.object({
  rings: z.record(z.string(), z.object({ createdAtMs: z.number() })),
  keys: z.record(z.string(), StoredKey),
});
type State = z.infer<typeof State>;

type NewKey = Pick<CryptoKey, "purpose" | "algorithm" | "destroyDelayMs" | "labels">;

export class KeyStore {
  readonly #path: string;
  readonly #nowMs: () => number;
  readonly #state: State;
  readonly #saves = new Queue();

  private constructor(path: string, nowMs: () => number, state: State) {
    this.#path = path;
    this.#nowMs = nowMs;
    this.#state = state;
  }

  static async open(dataFolder: string, nowMs: () => number): Promise<KeyStore> {
    const path = join(dataFolder, "kms.json");
    const state = await readJsonFile(path, State);
    const store = new KeyStore(path, nowMs, state ?? { rings: {}, keys: {} });
    for (const name of Object.keys(state?.keys ?? {})) store.key(name);
    return store;
  }

  /** Stores all changes so far. A call answers only after this. */
  async save(): Promise<void> {
    await this.#saves.run(() => writeFileAtomically(this.#path, JSON.stringify(this.#state)));
  }

  hasRing(name: string): boolean {
    return Object.hasOwn(this.#state.rings, name);
  }

  hasKey(name: string): boolean {
    return Object.hasOwn(this.#state.keys, name);
  }

  ringCreatedAtMs(name: string): number {
    const ring = this.hasRing(name) ? this.#state.rings[name] : undefined;
    if (!ring) throw notFound(`KeyRing ${name} not found.`);
    return ring.createdAtMs;
  }

  createRing(name: string): void {
    if (this.hasRing(name)) throw alreadyExists(`KeyRing ${name} already exists.`);
    this.#state.rings[name] = { createdAtMs: this.#nowMs() };
  }

  createKey(name: string, options: NewKey) {
    this.ringCreatedAtMs(name.split("/cryptoKeys/")[0] ?? "");
    if (this.hasKey(name)) throw alreadyExists(`CryptoKey ${name} already exists.`);
    const key: CryptoKey = {
      ...options,
      createdAtMs: this.#nowMs(),
      primary: null,
      versions: [],
    };
    this.#state.keys[name] = key;
    return key;
  }

  /** Only this server can: in the cloud, a key can never be deleted. */
  forgetKey(name: string): void {
    delete this.#state.keys[name];
  }

  /** Looks up a key and destroys material that is due. @throws {RpcError} NOT_FOUND. */
  key(name: string): CryptoKey {
    const key = this.hasKey(name) ? this.#state.keys[name] : undefined;
    if (!key) throw notFound(`CryptoKey ${name} not found.`);
    for (const version of key.versions) {
      const { state, destroyAtMs } = version;
      if (state !== "DESTROY_SCHEDULED" || destroyAtMs === null) continue;
      if (destroyAtMs > this.#nowMs()) continue;
      version.state = "DESTROYED";
      version.material = null;
    }
    return key;
  }

  addVersion(key: CryptoKey): KeyVersion {
    const version: KeyVersion = {
      number: key.versions.length + 1,
      state: "ENABLED",
      createdAtMs: this.#nowMs(),
      destroyAtMs: null,
      material: generateMaterial(key.algorithm),
    };
    key.versions.push(version);
    return version;
  }

  scheduleDestruction(key: CryptoKey, version: KeyVersion): void {
    if (version.state === "DESTROYED" || version.state === "DESTROY_SCHEDULED") {
      throw failedPrecondition(`The version is ${version.state}.`);
    }
    version.state = "DESTROY_SCHEDULED";
    version.destroyAtMs = this.#nowMs() + key.destroyDelayMs;
  }
}

/** A version's material. @throws {RpcError} FAILED_PRECONDITION unless the version is enabled. */
export function usableMaterial(version: KeyVersion): string {
  if (version.state !== "ENABLED" || version.material === null) {
    throw failedPrecondition(`Version ${version.number} isn't enabled; it is ${version.state}.`);
  }
  return version.material;
}
