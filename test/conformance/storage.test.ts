/** Google's own client against the local Storage; local/storage/CONFORMANCE.md. */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Bucket, Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { HttpServer } from "../../local/lib/http.ts";
import { startStorage } from "../../local/storage/server.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

const folder = makeFolder();
const stored = join(folder, "storage/paddock-workspaces/bytes");
let server: HttpServer;
let storage: Storage;
let bucket: Bucket;

async function start(): Promise<void> {
  server = await startStorage({ dataFolder: folder, buckets: ["paddock-workspaces"] });
  vi.stubEnv("STORAGE_EMULATOR_HOST", server.url);
  const retryOptions = { maxRetries: 1, totalTimeout: 5 };
  storage = new Storage({ projectId: "paddock-test", retryOptions });
  bucket = storage.bucket("paddock-workspaces");
}

beforeAll(start);
afterAll(async () => {
  await server.close();
  vi.unstubAllEnvs();
  removeFolder(folder);
});

const failed = (code: number) => ({ code });

async function save(name: string, content: string | Buffer, options: object = {}) {
  const file = bucket.file(name);
  await file.save(content, { resumable: false, ...options });
  return file;
}

async function textOf(name: string): Promise<string> {
  const [bytes] = await bucket.file(name).download();
  return bytes.toString("utf8");
}

describe("buckets", () => {
  test("are made once, and found", async () => {
    await storage.createBucket("second-bucket");
    expect(await storage.bucket("second-bucket").exists()).toEqual([true]);
    await expect(storage.createBucket("second-bucket")).rejects.toMatchObject(failed(409));
    await expect(storage.bucket("missing-bucket").getMetadata()).rejects.toMatchObject(failed(404));
    await expect(storage.createBucket("UPPER")).rejects.toMatchObject(failed(400));
    const versioned = storage.createBucket("versioned", { versioning: { enabled: true } });
    await expect(versioned).rejects.toMatchObject(failed(501));
  });
});

describe("uploads", () => {
  test.each([false, true])(
    "keep bytes, settings and checksums (resumable: %s)",
    async (resumable) => {
      // More than one chunk of a stream, and bytes that look like a delimiter.
      const content = Buffer.concat([randomBytes(700_000), Buffer.from("\r\n--"), randomBytes(9)]);
      const name = `kept/${resumable}/ä b.bin`;
      const file = await save(name, content, {
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
      const [bytes] = await bucket.file(name).download();
      expect(bytes.equals(content)).toBe(true);
    },
  );

  test("take an object without a byte", async () => {
    await save("empty", "");
    expect(await textOf("empty")).toBe("");
    await save("empty-resumable", "", { resumable: true });
    expect(await textOf("empty-resumable")).toBe("");
  });

  test("come in chunks, of a length that isn't known before", async () => {
    const content = randomBytes(600 * 1024 + 17);
    const file = bucket.file("chunked");
    const to = file.createWriteStream({ resumable: true, chunkSize: 256 * 1024 });
    await pipeline(Readable.from([content.subarray(0, 100), content.subarray(100)]), to);
    const [bytes] = await file.download();
    expect(bytes.equals(content)).toBe(true);
  });

  test("in the plain form are the body", async () => {
    const url = `${server.url}/upload/storage/v1/b/${bucket.name}/o?uploadType=media&name=plain`;
    const headers = { "content-type": "text/plain" };
    expect((await fetch(url, { method: "POST", body: "as it is", headers })).status).toBe(200);
    expect(await textOf("plain")).toBe("as it is");
  });

  test("with a checksum that doesn't match leave nothing", async () => {
    const before = readdirSync(stored).length;
    for (const metadata of [{ crc32c: "AAAAAA==" }, { md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" }]) {
      for (const resumable of [false, true]) {
        const upload = save("damaged", "content", { metadata, resumable, validation: false });
        await expect(upload).rejects.toThrow();
      }
    }
    expect(await bucket.file("damaged").exists()).toEqual([false]);
    expect(readdirSync(stored)).toHaveLength(before);
  });

  test("that are cut off leave nothing, in one piece", async () => {
    const before = readdirSync(stored).length;
    const path = `/upload/storage/v1/b/${bucket.name}/o?uploadType=media&name=cut`;
    const upload = request(`${server.url}${path}`, { method: "POST" }).on("error", () => {});
    upload.write(Buffer.alloc(300_000));
    await vi.waitFor(() => expect(readdirSync(stored)).toHaveLength(before + 1));
    upload.destroy();
    await vi.waitFor(() => expect(readdirSync(stored)).toHaveLength(before));
    expect(await bucket.file("cut").exists()).toEqual([false]);
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
    const [url] = await bucket.file("resumed").createResumableUpload();
    const half = 256 * 1024;
    expect((await put(url, "bytes */*")).headers.get("range")).toBeNull();
    const first = await put(url, `bytes 0-${half - 1}/*`, content.subarray(0, half));
    expect(first.status).toBe(308);
    const told = await put(url, "bytes */*");
    expect(told.headers.get("range")).toBe(`bytes=0-${half - 1}`);
    const gap = await put(url, `bytes ${half + 5}-${half + 9}/*`, content.subarray(0, 5));
    expect(gap.status).toBe(400);
    // The client takes the session over, as after a crash.
    const to = bucket.file("resumed").createWriteStream({
      uri: url,
      offset: half,
      validation: false,
    });
    await pipeline(Readable.from([content.subarray(half)]), to);
    expect((await put(url, "bytes */*")).status).toBe(200);
    const [bytes] = await bucket.file("resumed").download();
    expect(bytes.equals(content)).toBe(true);
  });

  test("is refused at once if its precondition can't hold, and if it's unknown", async () => {
    await save("taken", "1");
    const preconditionOpts = { ifGenerationMatch: 0 };
    const begun = bucket.file("taken").createResumableUpload({ preconditionOpts });
    await expect(begun).rejects.toMatchObject(failed(412));
    const unknown = `${server.url}/upload/storage/v1/b/${bucket.name}/o?upload_id=none`;
    expect((await put(unknown, "bytes */*")).status).toBe(404);
  });
});

describe("preconditions", () => {
  test("generation 0 makes an object once, however many try", async () => {
    const preconditionOpts = { ifGenerationMatch: 0 };
    const tries = [1, 2, 3, 4, 5].map((n) => save("once", String(n), { preconditionOpts }));
    const results = await Promise.allSettled(tries);
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject(failed(412));
  });

  test("are refused with their reason also while the client is still sending", async () => {
    const content = randomBytes(20 * 1024 * 1024);
    const preconditionOpts = { ifGenerationMatch: 0 };
    await save("large", content, { preconditionOpts });
    const again = save("large", content, { preconditionOpts });
    await expect(again).rejects.toMatchObject(failed(412));
  });

  test("hold for writing, deleting, patching and copying", async () => {
    const file = await save("guarded", "1");
    const stale = Number((await file.getMetadata())[0].generation);
    await save("guarded", "2", { preconditionOpts: { ifGenerationMatch: stale } });
    const refused = failed(412);
    const onStale = { ifGenerationMatch: stale };
    await expect(save("guarded", "3", { preconditionOpts: onStale })).rejects.toMatchObject(
      refused,
    );
    await expect(bucket.file("guarded").delete(onStale)).rejects.toMatchObject(refused);
    const patch = bucket.file("guarded").setMetadata({ cacheControl: "x" }, onStale);
    await expect(patch).rejects.toMatchObject(refused);
    const copy = file.copy(bucket.file("guarded"), { preconditionOpts: onStale });
    await expect(copy).rejects.toMatchObject(refused);
    const current = Number((await bucket.file("guarded").getMetadata())[0].generation);
    expect(current).toBeGreaterThan(stale);
    const onOther = { ifGenerationNotMatch: current };
    await expect(bucket.file("guarded").delete(onOther)).rejects.toMatchObject(refused);
    const onMeta = { ifMetagenerationMatch: 7 };
    await expect(bucket.file("guarded").delete(onMeta)).rejects.toMatchObject(refused);
    expect(await textOf("guarded")).toBe("2");
    const url = `${server.url}/b/${bucket.name}/o/guarded?ifGenerationNotMatch=${current}`;
    expect((await fetch(url)).status).toBe(304);
  });
});

describe("an object", () => {
  test("is read by range, and not beyond its end", async () => {
    const file = await save("ranged", "0123456789");
    const range = async (start: number, end?: number) => {
      const [bytes] = await file.download(end === undefined ? { start } : { start, end });
      return bytes.toString();
    };
    expect(await range(2, 4)).toBe("234");
    expect(await range(7)).toBe("789");
    expect(await range(8, 100)).toBe("89");
    await expect(range(10, 12)).rejects.toMatchObject(failed(416));
    const url = `${server.url}/download/storage/v1/b/${bucket.name}/o/ranged?alt=media`;
    const response = await fetch(url, { headers: { range: "bytes=-3" } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe("bytes 7-9/10");
    expect(await response.text()).toBe("789");
  });

  test("has settings that a patch merges, under a new metageneration", async () => {
    const file = await save("patched", "1", {
      metadata: { contentLanguage: "en", metadata: { a: "1", b: "2" } },
    });
    await file.setMetadata({ cacheControl: "no-cache", metadata: { a: null, c: "3" } });
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({
      metageneration: "2",
      cacheControl: "no-cache",
      contentLanguage: "en",
      metadata: { b: "2", c: "3" },
    });
    expect(metadata.metadata).not.toHaveProperty("a");
    const hold = file.setMetadata({ temporaryHold: true });
    await expect(hold).rejects.toMatchObject(failed(501));
  });

  test("is copied with its settings, and deleted once", async () => {
    const file = await save("source", "content", { metadata: { metadata: { a: "1" } } });
    await file.copy(storage.bucket("second-bucket").file("copy"));
    await file.delete();
    const copy = storage.bucket("second-bucket").file("copy");
    expect((await copy.download())[0].toString()).toBe("content");
    expect((await copy.getMetadata())[0].metadata).toEqual({ a: "1" });
    await expect(file.delete()).rejects.toMatchObject(failed(404));
    await expect(file.download()).rejects.toMatchObject(failed(404));
    await expect(file.copy(copy)).rejects.toMatchObject(failed(404));
  });

  test("leaves no bytes behind when it is replaced", async () => {
    await save("replaced", "1");
    const before = readdirSync(stored).length;
    await save("replaced", "2");
    expect(readdirSync(stored)).toHaveLength(before);
    expect(await textOf("replaced")).toBe("2");
  });
});

describe("listing", () => {
  beforeAll(async () => {
    for (const name of ["l/a", "l/b/1", "l/b/2", "l/c/1", "l/d", "m"]) await save(name, name);
  });

  test("goes by prefix, in pages", async () => {
    const [all] = await bucket.getFiles({ prefix: "l/" });
    expect(all.map(({ name }) => name)).toEqual(["l/a", "l/b/1", "l/b/2", "l/c/1", "l/d"]);
    const query = { prefix: "l/", maxResults: 2, autoPaginate: false };
    const [page, next] = await bucket.getFiles(query);
    expect(page.map(({ name }) => name)).toEqual(["l/a", "l/b/1"]);
    const [after] = await bucket.getFiles({ ...query, ...next });
    expect(after.map(({ name }) => name)).toEqual(["l/b/2", "l/c/1"]);
  });

  test("folds what a delimiter ends", async () => {
    const query = { prefix: "l/", delimiter: "/", autoPaginate: false };
    const [files, , answer] = await bucket.getFiles(query);
    expect(files.map(({ name }) => name)).toEqual(["l/a", "l/d"]);
    expect(answer).toMatchObject({ prefixes: ["l/b/", "l/c/"] });
    const [first, next] = await bucket.getFiles({ ...query, maxResults: 2 });
    expect(first.map(({ name }) => name)).toEqual(["l/a"]);
    const [second, , rest] = await bucket.getFiles({ ...query, ...next });
    expect(second.map(({ name }) => name)).toEqual(["l/d"]);
    expect(rest).toMatchObject({ prefixes: ["l/c/"] });
  });
});

test("what isn't offered is answered 501, in Google's form", async () => {
  const file = await save("plain-file", "1");
  await expect(bucket.combine([file, file], "both")).rejects.toMatchObject(failed(501));
  await expect(storage.getBuckets()).rejects.toMatchObject(failed(501));
  await expect(bucket.getFiles({ versions: true })).rejects.toMatchObject(failed(501));
  await expect(save("acl", "1", { predefinedAcl: "private" })).rejects.toMatchObject(failed(501));
  const response = await fetch(`${server.url}/${bucket.name}/plain-file`);
  expect(await response.json()).toMatchObject({
    error: { code: 501, errors: [{ reason: "notImplemented" }] },
  });
});

test("a request that names another host is refused", async () => {
  const answered = new Promise<number | undefined>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.port, headers: { host: "evil.test" } };
    request({ ...options, path: `/b/${bucket.name}/o` }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(await answered).toBe(403);
});

test("objects and generations survive a restart; a session's bytes don't", async () => {
  const file = await save("kept-over", "still here");
  const [{ generation }] = await file.getMetadata();
  await bucket.file("never-finished").createResumableUpload();
  const files = readdirSync(stored).length;
  await server.close();
  await start();
  expect(await textOf("kept-over")).toBe("still here");
  expect((await bucket.file("kept-over").getMetadata())[0].generation).toBe(generation);
  expect(readdirSync(stored).length).toBeLessThan(files);
});
