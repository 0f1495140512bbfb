/** Key rings, keys and their versions. */
import * as z from "zod";
import { failedPrecondition, invalid, notOffered, type UnaryHandler, unary } from "../lib/grpc.ts";
import { pageOf, Seconds, toMs, toSeconds } from "../lib/protobuf.ts";
import { type Algorithm, algorithms, type Purpose } from "./cipher.ts";
import { versionIn } from "./crypto-service.ts";
import { type CryptoKey, type KeyStore, type KeyVersion, usableMaterial } from "./key-store.ts";
import { checkKeyName, checkRingName, parseVersionName } from "./names.ts";

const destroyDelayMsDefault = 30 * 24 * 3_600_000;
const pageSizeMax = 1_000;

const NameRequest = z.object({ name: z.string() });

const CreateRingRequest = z.object({ parent: z.string(), keyRingId: z.string() });

const CreateKeyRequest = z.object({
  parent: z.string(),
  cryptoKeyId: z.string(),
  cryptoKey: z.object({
    purpose: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    destroyScheduledDuration: Seconds.nullish(),
    rotationPeriod: Seconds.nullish(),
    versionTemplate: z
      .object({ algorithm: z.string().optional(), protectionLevel: z.string().optional() })
      .nullish(),
  }),
  skipInitialVersionCreation: z.boolean().default(false),
});

const ListVersionsRequest = z.object({
  parent: z.string(),
  pageSize: z.int().min(0).default(0),
  pageToken: z.string().default(""),
  filter: z.string().default(""),
  orderBy: z.string().default(""),
});

const CreateVersionRequest = z.object({ parent: z.string() });

const UpdateVersionRequest = z.object({
  cryptoKeyVersion: z.object({ name: z.string(), state: z.enum(["ENABLED", "DISABLED"]) }),
  updateMask: z.object({ paths: z.tuple([z.literal("state")]) }),
});

const UpdatePrimaryRequest = z.object({ name: z.string(), cryptoKeyVersionId: z.string() });

export function keyService(store: KeyStore): Record<string, UnaryHandler> {
  return {
    CreateKeyRing: unary(CreateRingRequest, async ({ parent, keyRingId }) => {
      const name = checkRingName(`${parent}/keyRings/${keyRingId}`);
      store.createRing(name);
      await store.save();
      return { name, createTime: toSeconds(store.ringCreatedAtMs(name)) };
    }),
    GetKeyRing: unary(NameRequest, ({ name }) => {
      return { name, createTime: toSeconds(store.ringCreatedAtMs(checkRingName(name))) };
    }),
    CreateCryptoKey: unary(CreateKeyRequest, (request) => createKey(store, request)),
    GetCryptoKey: unary(NameRequest, ({ name }) => {
      return describeKey(name, store.key(checkKeyName(name)));
    }),
    UpdateCryptoKeyPrimaryVersion: unary(UpdatePrimaryRequest, (request) =>
      updatePrimary(store, request),
    ),
    ...versionMethods(store),
  };
}

function versionMethods(store: KeyStore): Record<string, UnaryHandler> {
  const find = (name: string) => {
    const { key: keyName, number } = parseVersionName(name);
    const key = store.key(keyName);
    return { key, keyName, version: versionIn(key, keyName, number) };
  };
  return {
    GetCryptoKeyVersion: unary(NameRequest, ({ name }) => {
      const { key, keyName, version } = find(name);
      return describeVersion(keyName, key, version);
    }),
    ListCryptoKeyVersions: unary(ListVersionsRequest, (request) => listVersions(store, request)),
    CreateCryptoKeyVersion: unary(CreateVersionRequest, async ({ parent }) => {
      const key = store.key(checkKeyName(parent));
      const version = store.addVersion(key);
      await store.save();
      return describeVersion(parent, key, version);
    }),
    UpdateCryptoKeyVersion: unary(UpdateVersionRequest, async ({ cryptoKeyVersion }) => {
      const { key, keyName, version } = find(cryptoKeyVersion.name);
      if (version.state !== "ENABLED" && version.state !== "DISABLED") {
        throw failedPrecondition(`The version is ${version.state}.`);
      }
      version.state = cryptoKeyVersion.state;
      await store.save();
      return describeVersion(keyName, key, version);
    }),
    DestroyCryptoKeyVersion: unary(NameRequest, async ({ name }) => {
      const { key, keyName, version } = find(name);
      store.scheduleDestruction(key, version);
      await store.save();
      return describeVersion(keyName, key, version);
    }),
    RestoreCryptoKeyVersion: unary(NameRequest, async ({ name }) => {
      const { key, keyName, version } = find(name);
      if (version.state !== "DESTROY_SCHEDULED") {
        throw failedPrecondition(`The version is ${version.state}, not DESTROY_SCHEDULED.`);
      }
      version.state = "DISABLED";
      version.destroyAtMs = null;
      await store.save();
      return describeVersion(keyName, key, version);
    }),
  };
}

async function createKey(store: KeyStore, request: z.output<typeof CreateKeyRequest>) {
  const { cryptoKey } = request;
  const { purpose } = cryptoKey;
  if (purpose !== "ENCRYPT_DECRYPT" && purpose !== "ASYMMETRIC_SIGN") {
    throw notOffered(`A key with the purpose ${purpose}`);
  }
  const { protectionLevel } = cryptoKey.versionTemplate ?? {};
  const algorithm = algorithmFor(purpose, cryptoKey.versionTemplate?.algorithm);
  if ((protectionLevel ?? "SOFTWARE") !== "SOFTWARE") throw notOffered(`${protectionLevel} keys`);
  if (cryptoKey.rotationPeriod) throw notOffered("Rotation by schedule");
  const delay = cryptoKey.destroyScheduledDuration;
  const name = checkKeyName(`${request.parent}/cryptoKeys/${request.cryptoKeyId}`);
  const key = store.createKey(name, {
    purpose,
    algorithm,
    labels: cryptoKey.labels,
    destroyDelayMs: delay ? toMs(delay) : destroyDelayMsDefault,
  });
  if (!request.skipInitialVersionCreation) addFirstVersion(store, key);
  await store.save();
  return describeKey(name, key);
}

/** Only secrets' keys have an algorithm that goes without saying. */
function algorithmFor(purpose: Purpose, asked: string | undefined): Algorithm {
  if (asked === undefined && purpose !== "ENCRYPT_DECRYPT") {
    throw invalid("A signing key needs version_template.algorithm.");
  }
  const algorithm = algorithms[purpose].find((known) => asked === undefined || known === asked);
  if (!algorithm) throw notOffered(`The algorithm ${asked} for the purpose ${purpose}`);
  return algorithm;
}

function addFirstVersion(store: KeyStore, key: CryptoKey): void {
  const { number } = store.addVersion(key);
  if (key.purpose === "ENCRYPT_DECRYPT") key.primary = number;
}

export interface InitialKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K` */
  readonly name: string;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
}

/**
 * Creates those of `keys` that don't exist yet, including their rings. One that an earlier release
 * made with another algorithm is made again.
 */
export async function ensureKeys(store: KeyStore, keys: readonly InitialKey[]): Promise<void> {
  for (const { name, purpose, algorithm } of keys) {
    const ring = checkKeyName(name).split("/cryptoKeys/")[0] ?? "";
    if (!store.hasRing(ring)) store.createRing(ring);
    if (store.hasKey(name)) {
      if (store.key(name).algorithm === algorithm) continue;
      store.forgetKey(name);
    }
    const options = { purpose, algorithm, labels: {}, destroyDelayMs: destroyDelayMsDefault };
    addFirstVersion(store, store.createKey(name, options));
  }
  await store.save();
}

async function updatePrimary(store: KeyStore, request: z.output<typeof UpdatePrimaryRequest>) {
  const key = store.key(checkKeyName(request.name));
  if (key.purpose !== "ENCRYPT_DECRYPT")
    throw failedPrecondition("The key has no primary version.");
  const versionName = `${request.name}/cryptoKeyVersions/${request.cryptoKeyVersionId}`;
  const version = versionIn(key, request.name, parseVersionName(versionName).number);
  usableMaterial(version);
  key.primary = version.number;
  await store.save();
  return describeKey(request.name, key);
}

function listVersions(store: KeyStore, request: z.output<typeof ListVersionsRequest>) {
  if (request.filter !== "" || request.orderBy !== "") throw notOffered("filter or order_by");
  const key = store.key(checkKeyName(request.parent));
  const page = pageOf(key.versions, {
    token: request.pageToken,
    size: request.pageSize,
    sizeMax: pageSizeMax,
  });
  if (page === null) throw invalid("The page token is not valid.");
  return {
    cryptoKeyVersions: page.items.map((version) => describeVersion(request.parent, key, version)),
    nextPageToken: page.nextPageToken,
    totalSize: key.versions.length,
  };
}

function describeKey(name: string, key: CryptoKey) {
  const primary = key.versions.find((version) => version.number === key.primary);
  return {
    name,
    purpose: key.purpose,
    labels: key.labels,
    createTime: toSeconds(key.createdAtMs),
    destroyScheduledDuration: toSeconds(key.destroyDelayMs),
    versionTemplate: { algorithm: key.algorithm, protectionLevel: "SOFTWARE" },
    ...(primary ? { primary: describeVersion(name, key, primary) } : {}),
  };
}

function describeVersion(keyName: string, key: CryptoKey, version: KeyVersion) {
  const destroy = version.destroyAtMs === null ? undefined : toSeconds(version.destroyAtMs);
  return {
    name: `${keyName}/cryptoKeyVersions/${version.number}`,
    state: version.state,
    algorithm: key.algorithm,
    protectionLevel: "SOFTWARE",
    createTime: toSeconds(version.createdAtMs),
    generateTime: toSeconds(version.createdAtMs),
    ...(destroy ? { destroyTime: destroy } : {}),
    ...(version.state === "DESTROYED" ? { destroyEventTime: destroy } : {}),
  };
}
