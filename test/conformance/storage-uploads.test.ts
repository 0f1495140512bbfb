/** Uploads of Google's own client to the local Storage; local/storage/CONFORMANCE.md. */
import { createHash, randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failed, StorageKit } from "./storage-kit.ts";

// The client adds a listener to one stream for each chunk of a resumable upload.
setMaxListeners(100);
const kit = new StorageKit();
beforeAll(() => kit.start());
afterAll(() => kit.stop());

describe("uploads", () => {
  test.each([false, true])(
    "keep bytes, settings and checksums (resumable: %s)",
    async (resumable) => {
      // More than one chunk, and bytes that look like a delimiter.
      const content = Buffer.concat([randomBytes(700_000), Buffer.from("\r\n--"), randomBytes(9)]);
      const name = `kept/${resumable}/ä b.bin`;
      const file = await kit.save(name, content, {
        resumable,
        contentType: "application/x-pack",
        metadata: { cacheControl: "no-store", metadata: { owner: "o1" } },
      });
      const [metadata] = await file.getMetadata();
      expect(metadata).toMatchObject({
        name,
        size: "700013",
        contentType: "application/x-pack",
        cacheControl: "no-store",
        metadata: { owner: "o1" },
        metageneration: "1",
        md5Hash: createHash("md5").update(content).digest("base64"),
      });
      const [bytes] = await kit.bucket.file(name).download();
      expect(bytes.equals(content)).toBe(true);
    },
  );

  test("take an object without a byte", async () => {
    await kit.save("empty", "");
    expect(await kit.textOf("empty")).toBe("");
    await kit.save("empty-resumable", "", { resumable: true });
    expect(await kit.textOf("empty-resumable")).toBe("");
  });

  test("come in chunks, of a length that isn't known before", async () => {
    const content = randomBytes(600 * 1024 + 17);
    const file = kit.bucket.file("chunked");
    const to = file.createWriteStream({ resumable: true, chunkSize: 256 * 1024 });
    await pipeline(Readable.from([content.subarray(0, 100), content.subarray(100)]), to);
    const [bytes] = await file.download();
    expect(bytes.equals(content)).toBe(true);
  });

  test("in the plain form are the body", async () => {
    const url = `${kit.server.url}/upload/storage/v1/b/${kit.bucket.name}/o?uploadType=media&name=plain`;
    const headers = { "content-type": "text/plain" };
    expect((await fetch(url, { method: "POST", body: "as it is", headers })).status).toBe(200);
    expect(await kit.textOf("plain")).toBe("as it is");
  });

  test("with a checksum that doesn't match leave nothing", async () => {
    const before = readdirSync(kit.bytesFolder).length;
    for (const metadata of [{ crc32c: "AAAAAA==" }, { md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" }]) {
      for (const resumable of [false, true]) {
        const upload = kit.save("damaged", "content", { metadata, resumable, validation: false });
        await expect(upload).rejects.toThrow();
      }
    }
    expect(await kit.bucket.file("damaged").exists()).toEqual([false]);
    expect(readdirSync(kit.bytesFolder)).toHaveLength(before);
  });

  test("that are cut off leave nothing, in one piece", async () => {
    const before = readdirSync(kit.bytesFolder).length;
    const path = `/upload/storage/v1/b/${kit.bucket.name}/o?uploadType=media&name=cut`;
    const upload = request(`${kit.server.url}${path}`, { method: "POST" }).on("error", () => {});
    upload.write(Buffer.alloc(300_000));
    await vi.waitFor(() => expect(readdirSync(kit.bytesFolder)).toHaveLength(before + 1), 20_000);
    upload.destroy();
    await vi.waitFor(() => expect(readdirSync(kit.bytesFolder)).toHaveLength(before), 20_000);
    expect(await kit.bucket.file("cut").exists()).toEqual([false]);
  });
});

describe("a resumable session", () => {
  const put = (url: string, range: string, body?: Buffer) =>
    fetch(url, {
      method: "PUT",
      headers: { "content-range": range },
      ...(body ? { body: new Uint8Array(body) } : {}),
    });

  test("tells what it has, goes on from there, and answers again once complete", async () => {
    const content = randomBytes(256 * 1024 + 100);
    const [url] = await kit.bucket.file("resumed").createResumableUpload();
    const half = 256 * 1024;
    expect((await put(url, "bytes */*")).headers.get("range")).toBeNull();
    const first = await put(url, `bytes 0-${half - 1}/*`, content.subarray(0, half));
    expect(first.status).toBe(308);
    const told = await put(url, "bytes */*");
    expect(told.headers.get("range")).toBe(`bytes=0-${half - 1}`);
    const gap = await put(url, `bytes ${half + 5}-${half + 9}/*`, content.subarray(0, 5));
    expect(gap.status).toBe(400);
    // The client takes over the session, as after a crash.
    const to = kit.bucket.file("resumed").createWriteStream({
      uri: url,
      offset: half,
      validation: false,
    });
    await pipeline(Readable.from([content.subarray(half)]), to);
    expect((await put(url, "bytes */*")).status).toBe(200);
    const [bytes] = await kit.bucket.file("resumed").download();
    expect(bytes.equals(content)).toBe(true);
  });

  test("is refused at once if its precondition can't hold, and if it's unknown", async () => {
    await kit.save("taken", "1");
    const preconditionOpts = { ifGenerationMatch: 0 };
    const begun = kit.bucket.file("taken").createResumableUpload({ preconditionOpts });
    await expect(begun).rejects.toMatchObject(failed(412));
    const unknown = `${kit.server.url}/upload/storage/v1/b/${kit.bucket.name}/o?upload_id=none`;
    expect((await put(unknown, "bytes */*")).status).toBe(404);
  });
});
