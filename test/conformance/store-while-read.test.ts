/** Objects that are stored while they are read, by Google's own client in the local Storage. */
import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { describeError } from "#shared/core/describe-error";
import { ApiError } from "#shared/errors/api-error";
import { storeWhileRead } from "#shared/google/store-while-read";
import { StorageKit } from "./storage-kit.ts";

// The client adds a listener to one stream for each object.
setMaxListeners(100);
const kit = new StorageKit();
beforeAll(() => kit.start());
afterEach(() => kit.server.faults.clear());
afterAll(() => kit.stop());

const chunkBytes = 256 * 1024;
const described = { chunkBytes, contentType: "application/zip" };

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let begin = 0; begin < bytes.length; begin += pieceBytes) {
    yield bytes.subarray(begin, begin + pieceBytes);
  }
}

async function isThere(name: string): Promise<boolean> {
  const [exists] = await kit.bucket.file(name).exists();
  return exists;
}

test.each([
  ["nothing", 0, 1],
  ["a byte", 1, 1],
  ["less than a chunk", chunkBytes - 1, 1_000],
  ["a chunk", chunkBytes, chunkBytes],
  ["a byte more", chunkBytes + 1, 10_000],
  ["chunks in pieces that are larger", 4 * chunkBytes, 3 * chunkBytes],
  ["more in one piece", 3 * chunkBytes + 7, 4 * chunkBytes],
])("%s is stored as it was read", async (name, sizeBytes, pieceBytes) => {
  const bytes = randomBytes(sizeBytes);
  const file = kit.bucket.file(`same/${name}`);
  await storeWhileRead(file, piecesOf(bytes, pieceBytes), described);
  const [stored] = await file.download();
  expect(stored.equals(bytes)).toBe(true);
  const [{ contentType }] = await file.getMetadata();
  expect(contentType).toBe("application/zip");
});

test.each([[[]], [[0]], [[0, 0]]])("empty pieces make an empty object: %j", async (sizes) => {
  const name = `empty/${sizes.length}`;
  const pieces = async function* () {
    for (const size of sizes) yield Buffer.alloc(size);
  };
  await storeWhileRead(kit.bucket.file(name), pieces(), described);
  expect(await kit.textOf(name)).toBe("");
});

test("empty pieces between others change nothing", async () => {
  const pieces = async function* () {
    for (const text of ["", "one ", "", "two", ""]) yield Buffer.from(text);
  };
  await storeWhileRead(kit.bucket.file("between"), pieces(), described);
  expect(await kit.textOf("between")).toBe("one two");
});

test("each chunk has tries of its own", async () => {
  const bytes = randomBytes(6 * chunkBytes);
  // The bucket is asked how many bytes it has before a chunk is sent again.
  for (const kind of ["begin", 1, 2, 3, 4, 5, 6]) {
    if (kind !== "begin") kit.server.faults.order("upload", { kind: "unavailable-before" });
    kit.server.faults.order("upload", { kind: "delay", delayMs: 0 }, kind === "begin" ? 1 : 2);
  }
  const file = kit.bucket.file("tried-again");
  await storeWhileRead(file, piecesOf(bytes, 100_000), described);
  const [stored] = await file.download();
  expect(stored.equals(bytes)).toBe(true);
});

test("what can't be read is thrown, and nothing is stored", async () => {
  const unreadable = new ApiError("NOT_FOUND");
  const failing = async function* (bytes: Buffer) {
    yield* piecesOf(bytes, 100_000);
    throw unreadable;
  };
  for (const [name, chunks] of Object.entries({ first: 0, later: 3 })) {
    const pieces = failing(Buffer.alloc(chunks * chunkBytes));
    const storing = storeWhileRead(kit.bucket.file(name), pieces, described);
    await expect(storing).rejects.toBe(unreadable);
    expect(await isThere(name)).toBe(false);
  }
});

test("what is read from ends once nothing can be stored", async () => {
  let isEnded = false;
  const reading = async function* () {
    try {
      for (;;) yield Buffer.alloc(100_000);
    } finally {
      isEnded = true;
    }
  };
  const file = kit.storage.bucket("nowhere").file("refused");
  await expect(storeWhileRead(file, reading(), described)).rejects.toThrow("status 404");
  expect(isEnded).toBe(true);
});

test("no object is replaced", async () => {
  await kit.save("kept", "old");
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(2 * chunkBytes)]) {
    const storing = storeWhileRead(kit.bucket.file("kept"), piecesOf(bytes, 100_000), described);
    await expect(storing).rejects.toMatchObject({ code: "UNAVAILABLE" });
  }
  expect(await kit.textOf("kept")).toBe("old");
});

test("a refusal doesn't tell the object's name", async () => {
  const file = kit.storage.bucket("nowhere").file("secret names");
  const storing = storeWhileRead(file, piecesOf(Buffer.alloc(10), 10), described);
  const error = await storing.catch((thrown) => thrown);
  expect(describeError(error)).toContain("Cloud Storage refused with status 404");
  expect(describeError(error)).not.toContain("secret");
});
