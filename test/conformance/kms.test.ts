/** Google's own client against the local KMS; local/kms/CONFORMANCE.md. */
import { createHash, createVerify, verify } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "@aws-crypto/crc32c";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startKms } from "../../local/kms/server.ts";
import type { GrpcServer } from "../../local/lib/grpc.ts";
import { clientOptions, makeFolder, removeFolder } from "./grpc-kit.ts";

const folder = makeFolder();
const ring = "projects/paddock-test/locations/us/keyRings/test";
const key = `${ring}/cryptoKeys/secrets`;
const signer = `${ring}/cryptoKeys/signer`;
const pureSigner = `${ring}/cryptoKeys/checkpoints`;
const plaintext = Buffer.from("hunter2");
const additionalAuthenticatedData = Buffer.from("owner/1");
const dayMs = 86_400_000;
let nowMs = Date.now();
let server: GrpcServer;
let kms: KeyManagementServiceClient;

async function start(): Promise<void> {
  server = await startKms({
    dataFolder: folder,
    keys: [
      { name: key, purpose: "ENCRYPT_DECRYPT", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
      { name: signer, purpose: "ASYMMETRIC_SIGN", algorithm: "EC_SIGN_P256_SHA256" },
      { name: pureSigner, purpose: "ASYMMETRIC_SIGN", algorithm: "EC_SIGN_ED25519" },
    ],
    nowMs: () => nowMs,
  });
  kms = new KeyManagementServiceClient(clientOptions(server.port));
}

async function stop(): Promise<void> {
  await kms.close();
  await server.close();
}

beforeAll(start);
afterAll(async () => {
  await stop();
  removeFolder(folder);
});

const sum = (bytes: Uint8Array) => ({ value: crc32c(bytes) });
const bytesOf = (value: unknown) => Buffer.from(value as Uint8Array);

async function seal(name = key): Promise<Buffer> {
  const [sealed] = await kms.encrypt({ name, plaintext, additionalAuthenticatedData });
  return bytesOf(sealed.ciphertext);
}

async function createKey(id: string): Promise<string> {
  const cryptoKey = { purpose: "ENCRYPT_DECRYPT" } as const;
  const [created] = await kms.createCryptoKey({ parent: ring, cryptoKeyId: id, cryptoKey });
  return String(created.name);
}

describe("Encrypt and Decrypt", () => {
  test("return what was sealed, with every checksum verified and given", async () => {
    const [sealed] = await kms.encrypt({
      name: key,
      plaintext,
      plaintextCrc32c: sum(plaintext),
      additionalAuthenticatedData,
      additionalAuthenticatedDataCrc32c: sum(additionalAuthenticatedData),
    });
    const ciphertext = bytesOf(sealed.ciphertext);
    expect(sealed).toMatchObject({
      name: `${key}/cryptoKeyVersions/1`,
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
    });
    expect(Number(sealed.ciphertextCrc32c?.value)).toBe(crc32c(ciphertext));
    const [opened] = await kms.decrypt({
      name: key,
      ciphertext,
      ciphertextCrc32c: sum(ciphertext),
      additionalAuthenticatedData,
      additionalAuthenticatedDataCrc32c: sum(additionalAuthenticatedData),
    });
    expect(bytesOf(opened.plaintext)).toEqual(plaintext);
    expect(Number(opened.plaintextCrc32c?.value)).toBe(crc32c(plaintext));
    expect(opened.usedPrimary).toBe(true);
  });

  test("refuse other additional data, tampering, and another key's ciphertext", async () => {
    const ciphertext = await seal();
    const refused = { code: status.INVALID_ARGUMENT };
    const open = (request: object) => kms.decrypt({ name: key, ciphertext, ...request });
    const aad = { additionalAuthenticatedData };
    await expect(open({})).rejects.toMatchObject(refused);
    for (const at of [0, 4, 10, 20, ciphertext.length - 1]) {
      const changed = Buffer.from(ciphertext);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(open({ ...aad, ciphertext: changed })).rejects.toMatchObject(refused);
    }
    const other = await createKey("other");
    await expect(open({ ...aad, name: other })).rejects.toMatchObject(refused);
  });

  test("refuse a checksum that doesn't match its field", async () => {
    const ciphertext = await seal();
    const wrong = { value: 1 };
    const refused = { code: status.INVALID_ARGUMENT };
    const requests = [
      kms.encrypt({ name: key, plaintext, plaintextCrc32c: wrong }),
      kms.encrypt({ name: key, plaintext, additionalAuthenticatedDataCrc32c: wrong }),
      kms.decrypt({ name: key, ciphertext, ciphertextCrc32c: wrong }),
      kms.decrypt({ name: key, ciphertext, additionalAuthenticatedDataCrc32c: wrong }),
    ];
    for (const request of requests) await expect(request).rejects.toMatchObject(refused);
  });

  test("take 64 KiB and not a byte more", async () => {
    const largest = Buffer.alloc(64 * 1024);
    await kms.encrypt({ name: key, plaintext: largest });
    const larger = kms.encrypt({ name: key, plaintext: Buffer.alloc(64 * 1024 + 1) });
    await expect(larger).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe("versions", () => {
  test("old ciphertexts stay readable after a rotation", async () => {
    const name = await createKey("rotated");
    const ciphertext = await seal(name);
    const [version] = await kms.createCryptoKeyVersion({ parent: name });
    expect(version.name).toBe(`${name}/cryptoKeyVersions/2`);
    const [rotated] = await kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "2" });
    expect(rotated.primary?.name).toBe(version.name);
    const [sealed] = await kms.encrypt({ name, plaintext });
    expect(sealed.name).toBe(version.name);
    const [opened] = await kms.decrypt({ name, ciphertext, additionalAuthenticatedData });
    expect(opened).toMatchObject({ usedPrimary: false });
    const pages = { autoPaginate: false };
    const names: unknown[] = [];
    const listed = kms.listCryptoKeyVersionsAsync({ parent: name, pageSize: 1 }, pages);
    for await (const each of listed) names.push(each.name);
    expect(names).toEqual([`${name}/cryptoKeyVersions/1`, version.name]);
  });

  test("a destroyed one opens nothing until it is restored, and never after its delay", async () => {
    const name = await createKey("destroyed");
    const ciphertext = await seal(name);
    const version = `${name}/cryptoKeyVersions/1`;
    const open = () => kms.decrypt({ name, ciphertext, additionalAuthenticatedData });
    const refused = { code: status.FAILED_PRECONDITION };
    const [scheduled] = await kms.destroyCryptoKeyVersion({ name: version });
    expect(scheduled.state).toBe("DESTROY_SCHEDULED");
    await expect(open()).rejects.toMatchObject(refused);
    await expect(seal(name)).rejects.toMatchObject(refused);
    const [restored] = await kms.restoreCryptoKeyVersion({ name: version });
    expect(restored.state).toBe("DISABLED");
    await expect(open()).rejects.toMatchObject(refused);
    await kms.updateCryptoKeyVersion({
      cryptoKeyVersion: { name: version, state: "ENABLED" },
      updateMask: { paths: ["state"] },
    });
    await open();
    await kms.destroyCryptoKeyVersion({ name: version });
    nowMs += 31 * dayMs;
    const [gone] = await kms.getCryptoKeyVersion({ name: version });
    expect(gone.state).toBe("DESTROYED");
    const restore = kms.restoreCryptoKeyVersion({ name: version });
    await expect(restore).rejects.toMatchObject(refused);
    await stop();
    await start();
    const kept = JSON.parse(readFileSync(join(folder, "kms.json"), "utf8"));
    expect(kept.keys[name].versions[0].material).toBeNull();
  });
});

describe("AsymmetricSign", () => {
  const name = `${signer}/cryptoKeyVersions/1`;

  test("signs a digest, or data, so that the public key alone verifies", async () => {
    const data = Buffer.from("checkpoint");
    const sha256 = createHash("sha256").update(data).digest();
    const [byDigest] = await kms.asymmetricSign({
      name,
      digest: { sha256 },
      digestCrc32c: sum(sha256),
    });
    expect(byDigest).toMatchObject({ name, verifiedDigestCrc32c: true });
    const [byData] = await kms.asymmetricSign({ name, data, dataCrc32c: sum(data) });
    expect(byData.verifiedDataCrc32c).toBe(true);
    const [publicKey] = await kms.getPublicKey({ name });
    const pem = String(publicKey.pem);
    expect(publicKey.algorithm).toBe("EC_SIGN_P256_SHA256");
    expect(Number(publicKey.pemCrc32c?.value)).toBe(crc32c(Buffer.from(pem)));
    for (const signed of [byDigest, byData]) {
      const signature = bytesOf(signed.signature);
      expect(Number(signed.signatureCrc32c?.value)).toBe(crc32c(signature));
      expect(createVerify("sha256").update(data).verify(pem, signature)).toBe(true);
      expect(createVerify("sha256").update("other").verify(pem, signature)).toBe(false);
    }
  });

  test("refuses a digest of another length, a wrong checksum, and a key for secrets", async () => {
    const sha256 = Buffer.alloc(32);
    const sign = (request: object) => kms.asymmetricSign({ name, ...request });
    const invalid = { code: status.INVALID_ARGUMENT };
    await expect(sign({ digest: { sha256: Buffer.alloc(20) } })).rejects.toMatchObject(invalid);
    await expect(sign({ digest: { sha256 }, digestCrc32c: { value: 1 } })).rejects.toMatchObject(
      invalid,
    );
    await expect(sign({})).rejects.toMatchObject(invalid);
    const wrongPurpose = sign({ name: `${key}/cryptoKeyVersions/1`, digest: { sha256 } });
    await expect(wrongPurpose).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe("AsymmetricSign with Ed25519", () => {
  const name = `${pureSigner}/cryptoKeyVersions/1`;
  const data = Buffer.from("checkpoint");
  const sign = async (request: object) => (await kms.asymmetricSign({ name, ...request }))[0];

  test("signs data itself, the same each time, so that the public key alone verifies", async () => {
    const signed = await sign({ data, dataCrc32c: sum(data) });
    expect(signed).toMatchObject({ name, verifiedDataCrc32c: true, verifiedDigestCrc32c: false });
    const signature = bytesOf(signed.signature);
    expect(signature).toHaveLength(64);
    expect(Number(signed.signatureCrc32c?.value)).toBe(crc32c(signature));
    const [publicKey] = await kms.getPublicKey({ name });
    expect(publicKey.algorithm).toBe("EC_SIGN_ED25519");
    const pem = String(publicKey.pem);
    expect(Number(publicKey.pemCrc32c?.value)).toBe(crc32c(Buffer.from(pem)));
    expect(verify(null, data, pem, signature)).toBe(true);
    expect(verify(null, Buffer.from("other"), pem, signature)).toBe(false);
    expect(bytesOf((await sign({ data })).signature)).toEqual(signature);
    expect(await sign({ data })).toMatchObject({ verifiedDataCrc32c: false });
  });

  test("takes no digest, no damage and no two things at once", async () => {
    const sha256 = createHash("sha256").update(data).digest();
    const refused = [
      { digest: { sha256 } },
      { digest: { sha256 }, digestCrc32c: sum(sha256) },
      { digest: { sha256 }, data },
      { data, dataCrc32c: { value: 1 } },
      { data, digestCrc32c: sum(sha256) },
      { data: Buffer.alloc(64 * 1024 + 1) },
      {},
    ];
    for (const request of refused) {
      await expect(sign(request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  test("is made on request, and keeps its key over a restart", async () => {
    const versionTemplate = { algorithm: "EC_SIGN_ED25519" } as const;
    const cryptoKey = { purpose: "ASYMMETRIC_SIGN", versionTemplate } as const;
    const [made] = await kms.createCryptoKey({ parent: ring, cryptoKeyId: "pure", cryptoKey });
    expect(made.versionTemplate?.algorithm).toBe("EC_SIGN_ED25519");
    const own = { name: `${made.name}/cryptoKeyVersions/1`, data };
    const before = bytesOf((await sign(own)).signature);
    await stop();
    await start();
    expect(bytesOf((await sign(own)).signature)).toEqual(before);
  });
});

describe("keys", () => {
  test("are NOT_FOUND if unknown, ALREADY_EXISTS if made twice, UNIMPLEMENTED if special", async () => {
    const unknown = `${ring}/cryptoKeys/unknown`;
    const notFound = { code: status.NOT_FOUND };
    await expect(kms.encrypt({ name: unknown, plaintext })).rejects.toMatchObject(notFound);
    await expect(kms.getCryptoKey({ name: unknown })).rejects.toMatchObject(notFound);
    const missing = `${key}/cryptoKeyVersions/9`;
    await expect(kms.getCryptoKeyVersion({ name: missing })).rejects.toMatchObject(notFound);
    await expect(createKey("secrets")).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    const parent = "projects/paddock-test/locations/us";
    const [made] = await kms.createKeyRing({ parent, keyRingId: "second" });
    expect((await kms.getKeyRing({ name: String(made.name) }))[0].name).toBe(made.name);
    const twice = kms.createKeyRing({ parent, keyRingId: "second" });
    await expect(twice).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    const special = kms.createCryptoKey({
      parent: ring,
      cryptoKeyId: "mac",
      cryptoKey: { purpose: "MAC" },
    });
    await expect(special).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    const imports = kms.listImportJobs({ parent: ring });
    await expect(imports).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  test("survive a restart, in a file of their owner's alone", async () => {
    const ciphertext = await seal();
    await stop();
    await start();
    const [opened] = await kms.decrypt({ name: key, ciphertext, additionalAuthenticatedData });
    expect(bytesOf(opened.plaintext)).toEqual(plaintext);
    expect(statSync(join(folder, "kms.json")).mode & 0o777).toBe(0o600);
  });
});
