/** Damage to bytes on their way to and from KMS is noticed by both sides. */
import { join } from "node:path";
import { crc32c } from "@aws-crypto/crc32c";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isSigned } from "#shared/core/audit/signed-note";
import { checkpointPublicKey, signCheckpoint } from "#shared/google/checkpoint-key";
import { unwrap, wrap } from "#shared/google/kms";
import { keyRing, projectId } from "../../local/cloud/names.ts";
import { cryptoService } from "../../local/kms/crypto-service.ts";
import { ensureKeys } from "../../local/kms/key-service.ts";
import { KeyStore } from "../../local/kms/key-store.ts";
import {
  type GrpcServer,
  loadService,
  startGrpcServer,
  type UnaryHandler,
} from "../../local/lib/grpc.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

type Message = Record<string, unknown>;
const intact = (message: Message) => message;
/** How the wire changes a request and its answer. */
let [there, back] = [intact, intact];
const folder = makeFolder();
const aad = Buffer.from("owner/environment");
const plain = Buffer.from("a private half");
let server: GrpcServer;

/** The real service behind a wire that can damage messages. */
function damaged(handle: UnaryHandler): UnaryHandler {
  return (call, callback) => {
    Object.assign(call.request as Message, there({ ...(call.request as Message) }));
    handle(call, (error, answer) => callback(error, answer && back({ ...(answer as Message) })));
  };
}

beforeAll(async () => {
  const store = await KeyStore.open(join(folder), Date.now);
  const name = (id: string) => `${keyRing}/cryptoKeys/${id}`;
  await ensureKeys(store, [
    {
      name: name("environment-secrets"),
      purpose: "ENCRYPT_DECRYPT",
      algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
    },
    { name: name("checkpoints"), purpose: "ASYMMETRIC_SIGN", algorithm: "EC_SIGN_ED25519" },
  ]);
  const service = loadService("@google-cloud/kms", "google.cloud.kms.v1.KeyManagementService");
  const handlers = Object.entries(cryptoService(store)).map(([method, handle]) => [
    method,
    damaged(handle),
  ]);
  server = await startGrpcServer(service, Object.fromEntries(handlers));
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", projectId);
  vi.stubEnv("PADDOCK_KMS_KEY_RING", keyRing);
  vi.stubEnv("PADDOCK_KMS_ENDPOINT", `127.0.0.1:${server.port}`);
  vi.stubEnv("METADATA_SERVER_DETECTION", "none");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  // The next file in this process reads settings of its own.
  vi.resetModules();
  await server.close();
  removeFolder(folder);
});

async function under<T>(damage: { there?: typeof there; back?: typeof back }, work: () => T) {
  [there, back] = [damage.there ?? intact, damage.back ?? intact];
  try {
    return await work();
  } finally {
    [there, back] = [intact, intact];
  }
}

const changed = (field: string) => (message: Message) => {
  const bytes = Buffer.from(message[field] as Uint8Array);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return { ...message, [field]: bytes };
};
const without = (field: string) => (message: Message) => ({ ...message, [field]: null });
const unverified = (field: string) => (message: Message) => ({ ...message, [field]: false });

describe("F19 SEC-1 wrapping with KMS", () => {
  test("gives back what was wrapped, and says under which version", async () => {
    const { wrapped, keyVersion } = await wrap("environment-secrets", plain, aad);
    expect(keyVersion).toBe(`${keyRing}/cryptoKeys/environment-secrets/cryptoKeyVersions/1`);
    expect(await unwrap("environment-secrets", wrapped, aad)).toEqual(plain);
    expect(crc32c(plain)).not.toBe(crc32c(aad));
  });

  test.each([
    ["the request's text", { there: changed("plaintext") }],
    ["the request's binding", { there: changed("additionalAuthenticatedData") }],
    ["a checksum that the service never saw", { back: unverified("verifiedPlaintextCrc32c") }],
    ["the binding's", { back: unverified("verifiedAdditionalAuthenticatedDataCrc32c") }],
    ["the answer", { back: changed("ciphertext") }],
    ["an answer without a checksum", { back: without("ciphertextCrc32c") }],
  ])("fails on damage to %s", async (_what, damage) => {
    const wrapping = under(damage, () => wrap("environment-secrets", plain, aad));
    await expect(wrapping).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test.each([
    ["the request", { there: changed("ciphertext") }],
    ["the answer", { back: changed("plaintext") }],
    ["an answer without a checksum", { back: without("plaintextCrc32c") }],
  ])("unwrapping fails on damage to %s", async (_what, damage) => {
    const { wrapped } = await wrap("environment-secrets", plain, aad);
    const unwrapping = under(damage, () => unwrap("environment-secrets", wrapped, aad));
    await expect(unwrapping).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const elsewhere = unwrap("environment-secrets", wrapped, Buffer.from("owner/other"));
    await expect(elsewhere).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("signing with KMS", () => {
  const text = "paddock.local/audit/1\n1\nroot\n";

  test("gives a signature that the public key verifies", async () => {
    const publicKey = await checkpointPublicKey();
    const signature = await signCheckpoint(text);
    expect(isSigned(Buffer.from(text), publicKey, signature)).toBe(true);
  });

  test.each([
    ["the request's text", { there: changed("data") }],
    ["a checksum that the service never saw", { back: unverified("verifiedDataCrc32c") }],
    ["the key's name", { back: (message: Message) => ({ ...message, name: "another" }) }],
    ["the signature", { back: changed("signature") }],
    ["an answer without a checksum", { back: without("signatureCrc32c") }],
  ])("fails on damage to %s", async (_what, damage) => {
    const signing = under(damage, () => signCheckpoint(text));
    await expect(signing).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test.each([
    ["an answer without a checksum", { back: without("pemCrc32c") }],
    ["the key", { back: (message: Message) => ({ ...message, pem: `${message.pem} ` }) }],
    [
      "the algorithm",
      { back: (message: Message) => ({ ...message, algorithm: "EC_SIGN_P256_SHA256" }) },
    ],
  ])("reading the public key fails on damage to %s", async (_what, damage) => {
    const reading = under(damage, () => checkpointPublicKey());
    await expect(reading).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
