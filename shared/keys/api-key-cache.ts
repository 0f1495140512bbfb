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
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import type { Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";
import type { KeyClient } from "./key-client.ts";
import { recordableUse, recordKeyUse } from "./record-key-use.ts";
import type { RefusedUse } from "./refused-key-uses.ts";

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
/** How often the write of a new network is tried when the key's document changes meanwhile. */
const recordingsMax = 4;
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

interface CacheDeps {
  /** Epoch milliseconds, for expiry. */
  now(): number;
  /** Monotonic milliseconds, for ages. */
  elapsed(): number;
  newId(kind: "auditRow"): string;
  /** Called with each refusal of a key that is stored. It must return at once. */
  refused(use: RefusedUse): void;
}

interface Recorded {
  readonly text: string;
  readonly hash: string;
  readonly client: KeyClient;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** How a key is used, and by whom. */
type ClientUse = KeyUse & KeyClient;

export class ApiKeyCache {
  readonly #store: () => KeyStore;
  readonly #deps: CacheDeps;
  readonly #entries = new LRUCache<string, Entry>({ max: entriesMax });
  /** Keys that aren't stored, and when that was looked up, in monotonic milliseconds. */
  readonly #unknown = new LRUCache<string, number>({ max: entriesMax });
  readonly #usesTried = new LRUCache<string, number>({ max: entriesMax });
  readonly #reads = new Map<string, { readonly beganAt: number; readonly key: Promise<ApiKey> }>();

  constructor(store: () => KeyStore, deps: CacheDeps) {
    this.#store = store;
    this.#deps = deps;
  }

  /**
   * A refusal counts against the key alone, so other keys from the same address are looked up all
   * the same. A key that is dead for good is refused without a read.
   * @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE` if the key can't be read.
   */
  async find(key: string, shown: ClientUse): Promise<CachedKey> {
    const hash = hashKey(key);
    const known = this.#entries.get(hash);
    const requireValid = (found: ApiKey) => this.#requireValid(found, { text: key, hash, shown });
    if (known && known.key.revokedAt !== null) requireValid(known.key);
    if (this.#isKnownMissing(hash)) throw noSuchKey();
    if (!known) {
      const read = requireValid(await this.#read(hash));
      return { provisional: read, confirmed: Promise.resolve(read) };
    }
    if (this.#deps.elapsed() - known.beganAt < entryFreshMs) {
      const fresh = requireValid(known.key);
      return { provisional: fresh, confirmed: Promise.resolve(fresh) };
    }
    const confirmed = this.#read(hash).then(requireValid);
    confirmed.catch(() => {}); // The pipeline awaits it, but it may fail earlier.
    return { provisional: known.key, confirmed };
  }

  /**
   * The key of an answer that is still being sent; null once it is valid no more. That isn't
   * recorded as a refused use, because nobody uses it.
   * @throws {ApiError} `UNAVAILABLE` if the key can't be read.
   */
  async findAgain(key: string, shown: KeyUse): Promise<ApiKey | null> {
    const hash = hashKey(key);
    const known = this.#entries.get(hash);
    const isFresh = known && this.#deps.elapsed() - known.beganAt < entryFreshMs;
    if (this.#isKnownMissing(hash)) return null;
    const found = isFresh ? known.key : await this.#read(hash).catch(nullIfMissing);
    return found && keyRefusal(found, shown, this.#deps.now()) === null ? found : null;
  }

  /**
   * Records when and from where a key was used: once in ten minutes across all instances, since the
   * write fails if the key's document changed meanwhile, and at once from a network that is new for
   * the key. A write that failed is tried again with the next use, but not within ten seconds.
   */
  async recordUse(text: string, client: KeyClient): Promise<void> {
    const hash = hashKey(text);
    const entry = this.#entries.get(hash);
    if (!entry) return;
    const now = this.#deps.now();
    const use = recordableUse({ text, key: entry.key }, { address: client.address, now });
    if (!use) return;
    const tried = `${hash} ${use.unrecorded ?? ""}`;
    if (now - (this.#usesTried.get(tried) ?? 0) < useTriedEveryMs) return;
    this.#usesTried.set(tried, now);
    await this.#record({ text, hash, client, now }, entry);
  }

  /** A network may be used once only, so its write is repeated if the document has changed. */
  async #record({ text, hash, client, now }: Recorded, first: Entry): Promise<void> {
    let entry: Entry | undefined = first;
    for (let attempt = 1; entry && attempt <= recordingsMax; attempt += 1) {
      const { key, version } = entry;
      const use = recordableUse({ text, key }, { address: client.address, now });
      if (!use) return;
      const used = { text, ref: apiKeys.doc(hash), key, version };
      const recording = { store: this.#store(), rowId: this.#deps.newId("auditRow"), now };
      try {
        return await recordKeyUse(recording, used, { use, client });
      } catch (error) {
        if (use.unrecorded === null || !isConflict(error)) throw error;
      }
      await this.#fetch(hash, this.#deps.elapsed());
      entry = this.#entries.get(hash);
    }
  }

  /** Passes on that a key which is valid was refused for want of a right, after it was found. */
  noteRefusal(text: string, refusal: Pick<RefusedUse, "key" | "client" | "reason">): void {
    this.#deps.refused({ text, ref: apiKeys.doc(hashKey(text)), ...refusal });
  }

  #read(hash: string): Promise<ApiKey> {
    const beganAt = this.#deps.elapsed();
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
    return lookedUpAt !== undefined && this.#deps.elapsed() - lookedUpAt < unknownMs;
  }

  #requireValid(key: ApiKey, { text, hash, shown }: FoundUse): ApiKey {
    const refusal = keyRefusal(key, shown, this.#deps.now());
    if (!refusal) return key;
    const { reason, code, message } = refusal;
    this.#deps.refused({ text, key, ref: apiKeys.doc(hash), reason, client: shown });
    const authentication = { reason, callerId: key.id, ownerId: key.ownerId };
    throw new ApiError(code, { message, authentication });
  }
}

interface FoundUse {
  readonly text: string;
  readonly hash: string;
  readonly shown: ClientUse;
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.code === "UNAUTHORIZED") return null;
  throw error;
}

function noSuchKey(): ApiError {
  return new ApiError("UNAUTHORIZED", { authentication: { reason: "unknown key" } });
}

/** An owner's notes on a key decide nothing, and would be kept ten thousand times. */
function withoutNotes(key: ApiKey): ApiKey {
  return { ...key, description: null, metadataJson: "null" };
}
