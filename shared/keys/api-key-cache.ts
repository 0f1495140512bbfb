/**
 * Looks keys up; `core/keys/key-refusal.ts` decides which of them are refused. An entry may be used
 * for a second after this instance *began* to read it. An older one is read again while the
 * request's own documents are read. So revoking a key, waiting that second and then answering means
 * that the key is dead everywhere (KEY-5).
 */
import { LRUCache } from "lru-cache";
import { hashKey } from "../core/keys/api-key.ts";
import { type KeyUse, keyRefusal } from "../core/keys/key-refusal.ts";
import { ApiError } from "../errors/api-error.ts";
import { announceNetwork } from "../owners/announce-network.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { patch, type Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";

/** How long an entry may be used after its read began. */
export const entryFreshMs = 1_000;
/** How long a revocation waits: that second, and a margin because timers of machines differ. */
export const revocationBarrierMs = entryFreshMs + 100;

const entriesMax = 10_000;
/**
 * How long a missing key is remembered as missing. A key can't be shown before it is made, so only
 * a restored database could make this wrong.
 */
const unknownMs = 60_000;
/** The precision of `lastUsedAt`; it saves a write per request. */
const useNotedEveryMs = 10 * 60_000;
/** When a failed note is tried again. */
const useTriedEveryMs = 10_000;

interface Entry {
  readonly beganAt: number;
  readonly key: ApiKey;
  readonly version: Version;
}

export interface CachedKey {
  /** Possibly too old to rely on, but good enough to start reading with. */
  readonly provisional: ApiKey;
  /** Resolves once the key is known to be valid; nothing may be answered before. */
  readonly confirmed: Promise<ApiKey>;
}

type KeyStore = Pick<Store, "get" | "commitWithoutRetry">;

interface Clocks {
  /** Epoch milliseconds, for expiry. */
  now(): number;
  /** Monotonic milliseconds, for ages. */
  elapsed(): number;
}

export class ApiKeyCache {
  readonly #store: () => KeyStore;
  readonly #clocks: Clocks;
  readonly #entries = new LRUCache<string, Entry>({ max: entriesMax });
  /** Keys that aren't stored, and when that was looked up, in monotonic milliseconds. */
  readonly #unknown = new LRUCache<string, number>({ max: entriesMax });
  readonly #usesTried = new LRUCache<string, number>({ max: entriesMax });
  readonly #reads = new Map<string, { readonly beganAt: number; readonly key: Promise<ApiKey> }>();

  constructor(store: () => KeyStore, clocks: Clocks) {
    this.#store = store;
    this.#clocks = clocks;
  }

  /**
   * A refusal counts against the key alone, so other keys from the same address are looked up all
   * the same. A key that is dead for good is refused without a read.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE` if the key can't be read.
   */
  async find(key: string, shown: KeyUse): Promise<CachedKey> {
    const hash = hashKey(key);
    const known = this.#entries.get(hash);
    if (known && known.key.revokedAt !== null) this.#requireValid(known.key, shown);
    if (this.#isKnownMissing(hash)) throw noSuchKey();
    if (!known) {
      const read = this.#requireValid(await this.#read(hash), shown);
      return { provisional: read, confirmed: Promise.resolve(read) };
    }
    if (this.#clocks.elapsed() - known.beganAt < entryFreshMs) {
      const fresh = this.#requireValid(known.key, shown);
      return { provisional: fresh, confirmed: Promise.resolve(fresh) };
    }
    const confirmed = this.#read(hash).then((read) => this.#requireValid(read, shown));
    confirmed.catch(() => {}); // The pipeline awaits it, but it may fail earlier.
    return { provisional: known.key, confirmed };
  }

  /**
   * Records when and from where a key was used: once in ten minutes across all instances, since the
   * write fails if the key's document changed meanwhile.
   */
  async recordUse(key: string, address: string): Promise<void> {
    const hash = hashKey(key);
    const entry = this.#entries.get(hash);
    const now = this.#clocks.now();
    if (!entry || now - (entry.key.lastUsedAt ?? 0) < useNotedEveryMs) return;
    if (now - (this.#usesTried.get(hash) ?? 0) < useTriedEveryMs) return;
    this.#usesTried.set(hash, now);
    const used = { lastUsedAt: now, lastUsedIp: address };
    const { version } = entry;
    await this.#store().commitWithoutRetry([patch(apiKeys.doc(hash), used, { version })]);
    announceNetwork(entry.key, address);
  }

  #read(hash: string): Promise<ApiKey> {
    const beganAt = this.#clocks.elapsed();
    const underWay = this.#reads.get(hash);
    if (underWay && beganAt - underWay.beganAt < entryFreshMs) return underWay.key;
    const key = this.#fetch(hash, beganAt).finally(() => {
      if (this.#reads.get(hash)?.key === key) this.#reads.delete(hash);
    });
    this.#reads.set(hash, { beganAt, key });
    return key;
  }

  async #fetch(hash: string, beganAt: number): Promise<ApiKey> {
    const { value: stored, version } = await this.#store().get(apiKeys.doc(hash));
    if (!stored) {
      this.#entries.delete(hash);
      this.#unknown.set(hash, beganAt);
      throw noSuchKey();
    }
    const value = withoutNotes(stored);
    // A read that began earlier mustn't overwrite the result of a later one.
    const known = this.#entries.get(hash);
    if (!known || known.beganAt < beganAt) {
      this.#entries.set(hash, { beganAt, key: value, version });
    }
    return value;
  }

  #isKnownMissing(hash: string): boolean {
    const lookedUpAt = this.#unknown.get(hash);
    return lookedUpAt !== undefined && this.#clocks.elapsed() - lookedUpAt < unknownMs;
  }

  #requireValid(key: ApiKey, use: KeyUse): ApiKey {
    const refusal = keyRefusal(key, use, this.#clocks.now());
    if (!refusal) return key;
    throw new ApiError(refusal.code, { message: refusal.message, cause: key.id });
  }
}

function noSuchKey(): ApiError {
  return new ApiError("UNAUTHORIZED", { cause: "no such key" });
}

/** An owner's notes on a key decide nothing, and would be kept ten thousand times. */
function withoutNotes(key: ApiKey): ApiKey {
  return { ...key, description: null, metadataJson: "null" };
}
