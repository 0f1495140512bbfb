/**
 * Looks keys up. An entry may be used if this instance *began* to read it less than a second ago;
 * an older one is read again while the request's own documents are read, so that revoking a key,
 * waiting out that second and answering means: dead everywhere (KEY-5).
 */
import { LRUCache } from "lru-cache";
import { hashKey, type Mode } from "../core/keys/api-key.ts";
import { isInRanges } from "../core/network/address-range.ts";
import { ApiError } from "../errors/api-error.ts";
import { announceNetwork } from "../owners/announce-network.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { patch, type Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";

/** How long after its read began an entry may be used. */
export const entryFreshMs = 1_000;
/** What a revocation waits for: that second, and the margin between two machines' timers. */
export const revocationBarrierMs = entryFreshMs + 100;

const entriesMax = 10_000;
/**
 * How long a key that isn't stored is known not to be: nobody can show a key before it was made, so
 * only a restored database could make that wrong.
 */
const unknownMs = 60_000;
/** How exact `lastUsedAt` is, which saves a write with every request. */
const useNotedEveryMs = 10 * 60_000;
/** When a note that failed is tried again. */
const useTriedEveryMs = 10_000;

interface Entry {
  readonly beganAt: number;
  readonly key: ApiKey;
  readonly version: Version;
}

/** How a key was shown: its prefix's mode, and the client's address. */
export interface KeyUse {
  readonly mode: Mode;
  readonly address: string;
}

export interface CachedKey {
  /** May be too old to be relied on; good enough to begin reading with. */
  readonly provisional: ApiKey;
  /** Resolves once the key is known to be valid; until then nothing may be answered. */
  readonly confirmed: Promise<ApiKey>;
}

type KeyStore = Pick<Store, "get" | "commitOnce">;

interface Clocks {
  /** Epoch ms, for expiry. */
  now(): number;
  /** Monotonic ms, for ages. */
  elapsed(): number;
}

export class ApiKeyCache {
  readonly #store: () => KeyStore;
  readonly #clocks: Clocks;
  readonly #entries = new LRUCache<string, Entry>({ max: entriesMax });
  /** Keys that aren't stored, and when that was looked up, in monotonic ms. */
  readonly #unknown = new LRUCache<string, number>({ max: entriesMax });
  readonly #usesTried = new LRUCache<string, number>({ max: entriesMax });
  readonly #reads = new Map<string, { readonly beganAt: number; readonly key: Promise<ApiKey> }>();

  constructor(store: () => KeyStore, clocks: Clocks) {
    this.#store = store;
    this.#clocks = clocks;
  }

  /**
   * What a key was refused for counts against that key alone: others from the same address are
   * looked up whatever came from there. One that is dead for good is refused without a read.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE` if the key can't be read.
   */
  async find(key: string, shown: KeyUse): Promise<CachedKey> {
    const hash = hashKey(key);
    const known = this.#entries.get(hash);
    if (known && known.key.revokedAt !== null) this.#valid(known.key, shown);
    if (this.#isKnownMissing(hash)) throw noSuchKey();
    if (!known) {
      const read = this.#valid(await this.#read(hash), shown);
      return { provisional: read, confirmed: Promise.resolve(read) };
    }
    if (this.#clocks.elapsed() - known.beganAt < entryFreshMs) {
      const fresh = this.#valid(known.key, shown);
      return { provisional: fresh, confirmed: Promise.resolve(fresh) };
    }
    const confirmed = this.#read(hash).then((read) => this.#valid(read, shown));
    confirmed.catch(() => {}); // Awaited by the pipeline; may fail before it gets there.
    return { provisional: known.key, confirmed };
  }

  /**
   * Writes down when and from where a key was used: once in ten minutes, however many instances
   * see it, since the write is refused if the key's document has changed meanwhile.
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
    await this.#store().commitOnce([patch(apiKeys.doc(hash), used, { version })]);
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
    // A read that began earlier must not overwrite what a later one found.
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

  #valid(key: ApiKey, { mode, address }: KeyUse): ApiKey {
    const refuse = (message: string) => new ApiError("UNAUTHORIZED", { message, cause: key.id });
    if (key.expiresAt !== null && key.expiresAt <= this.#clocks.now()) {
      throw refuse("The API key has expired.");
    }
    if (key.revokedAt !== null) throw refuse("The API key has been revoked.");
    if (key.ownerState !== "active") throw refuse("The account of this API key is suspended.");
    if (key.mode !== mode) throw refuse("The API key's prefix doesn't match its account's mode.");
    if (key.addressRanges !== null && !isInRanges(address, key.addressRanges)) {
      const message = "The API key may not be used from this address.";
      throw new ApiError("FORBIDDEN", { message, cause: key.id });
    }
    return key;
  }
}

function noSuchKey(): ApiError {
  return new ApiError("UNAUTHORIZED", { cause: "no such key" });
}

/** What an owner writes about a key decides nothing, and would be kept ten thousand times. */
function withoutNotes(key: ApiKey): ApiKey {
  return { ...key, description: null, metadataJson: "null" };
}
