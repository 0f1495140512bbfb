/** Google's own client against the local Storage; local/storage/CONFORMANCE.md. */
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failed, StorageKit } from "./storage-kit.ts";

const kit = new StorageKit();
beforeAll(() => kit.start());
afterAll(() => kit.stop());

describe("buckets", () => {
  test("are made once, and found", async () => {
    await kit.storage.createBucket("second-bucket");
    expect(await kit.storage.bucket("second-bucket").exists()).toEqual([true]);
    await expect(kit.storage.createBucket("second-bucket")).rejects.toMatchObject(failed(409));
    await expect(kit.storage.bucket("missing-bucket").getMetadata()).rejects.toMatchObject(
      failed(404),
    );
    await expect(kit.storage.createBucket("UPPER")).rejects.toMatchObject(failed(400));
    const versioned = kit.storage.createBucket("versioned", { versioning: { enabled: true } });
    await expect(versioned).rejects.toMatchObject(failed(501));
  });
});

describe("preconditions", () => {
  test("generation 0 makes an object once, however many try", async () => {
    const preconditionOpts = { ifGenerationMatch: 0 };
    const tries = [1, 2, 3, 4, 5].map((n) => kit.save("once", String(n), { preconditionOpts }));
    const results = await Promise.allSettled(tries);
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject(failed(412));
  });

  test("are refused with their reason also while the client is still sending", async () => {
    await kit.save("large", "there already");
    const path = `/upload/storage/v1/b/${kit.bucket.name}/o?uploadType=media&name=large`;
    const url = `${kit.server.url}${path}&ifGenerationMatch=0`;
    const body = new Uint8Array(20 * 1024 * 1024);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await fetch(url, { method: "POST", body })).status).toBe(412);
    }
  });

  test("hold for writing, deleting, patching and copying", async () => {
    const file = await kit.save("guarded", "1");
    const stale = Number((await file.getMetadata())[0].generation);
    await kit.save("guarded", "2", { preconditionOpts: { ifGenerationMatch: stale } });
    const refused = failed(412);
    const onStale = { ifGenerationMatch: stale };
    await expect(kit.save("guarded", "3", { preconditionOpts: onStale })).rejects.toMatchObject(
      refused,
    );
    await expect(kit.bucket.file("guarded").delete(onStale)).rejects.toMatchObject(refused);
    const patch = kit.bucket.file("guarded").setMetadata({ cacheControl: "x" }, onStale);
    await expect(patch).rejects.toMatchObject(refused);
    const copy = file.copy(kit.bucket.file("guarded"), { preconditionOpts: onStale });
    await expect(copy).rejects.toMatchObject(refused);
    const current = Number((await kit.bucket.file("guarded").getMetadata())[0].generation);
    expect(current).toBeGreaterThan(stale);
    const onOther = { ifGenerationNotMatch: current };
    await expect(kit.bucket.file("guarded").delete(onOther)).rejects.toMatchObject(refused);
    const onMeta = { ifMetagenerationMatch: 7 };
    await expect(kit.bucket.file("guarded").delete(onMeta)).rejects.toMatchObject(refused);
    expect(await kit.textOf("guarded")).toBe("2");
    const url = `${kit.server.url}/b/${kit.bucket.name}/o/guarded?ifGenerationNotMatch=${current}`;
    expect((await fetch(url)).status).toBe(304);
  });
});

describe("an object", () => {
  test("is read by range, and not beyond its end", async () => {
    const file = await kit.save("ranged", "0123456789");
    const range = async (start: number, end?: number) => {
      const [bytes] = await file.download(end === undefined ? { start } : { start, end });
      return bytes.toString();
    };
    expect(await range(2, 4)).toBe("234");
    expect(await range(7)).toBe("789");
    expect(await range(8, 100)).toBe("89");
    await expect(range(10, 12)).rejects.toMatchObject(failed(416));
    const url = `${kit.server.url}/download/storage/v1/b/${kit.bucket.name}/o/ranged?alt=media`;
    const response = await fetch(url, { headers: { range: "bytes=-3" } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe("bytes 7-9/10");
    expect(await response.text()).toBe("789");
  });

  test("has settings that a patch merges, under a new metageneration", async () => {
    const file = await kit.save("patched", "1", {
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
    const file = await kit.save("source", "content", { metadata: { metadata: { a: "1" } } });
    await file.copy(kit.storage.bucket("second-bucket").file("copy"));
    await file.delete();
    const copy = kit.storage.bucket("second-bucket").file("copy");
    expect((await copy.download())[0].toString()).toBe("content");
    expect((await copy.getMetadata())[0].metadata).toEqual({ a: "1" });
    await expect(file.delete()).rejects.toMatchObject(failed(404));
    await expect(file.download()).rejects.toMatchObject(failed(404));
    await expect(file.copy(copy)).rejects.toMatchObject(failed(404));
  });

  test("leaves no bytes behind when it is replaced", async () => {
    await kit.save("replaced", "1");
    const before = readdirSync(kit.bytesFolder).length;
    await kit.save("replaced", "2");
    expect(readdirSync(kit.bytesFolder)).toHaveLength(before);
    expect(await kit.textOf("replaced")).toBe("2");
  });
});

describe("listing", () => {
  beforeAll(async () => {
    for (const name of ["l/a", "l/b/1", "l/b/2", "l/c/1", "l/d", "m"]) await kit.save(name, name);
  });

  test("goes by prefix, in pages", async () => {
    const [all] = await kit.bucket.getFiles({ prefix: "l/" });
    expect(all.map(({ name }) => name)).toEqual(["l/a", "l/b/1", "l/b/2", "l/c/1", "l/d"]);
    const query = { prefix: "l/", maxResults: 2, autoPaginate: false };
    const [page, next] = await kit.bucket.getFiles(query);
    expect(page.map(({ name }) => name)).toEqual(["l/a", "l/b/1"]);
    const [after] = await kit.bucket.getFiles({ ...query, ...next });
    expect(after.map(({ name }) => name)).toEqual(["l/b/2", "l/c/1"]);
  });

  test("folds what a delimiter ends", async () => {
    const query = { prefix: "l/", delimiter: "/", autoPaginate: false };
    const [files, , answer] = await kit.bucket.getFiles(query);
    expect(files.map(({ name }) => name)).toEqual(["l/a", "l/d"]);
    expect(answer).toMatchObject({ prefixes: ["l/b/", "l/c/"] });
    const [first, next] = await kit.bucket.getFiles({ ...query, maxResults: 2 });
    expect(first.map(({ name }) => name)).toEqual(["l/a"]);
    const [second, , rest] = await kit.bucket.getFiles({ ...query, ...next });
    expect(second.map(({ name }) => name)).toEqual(["l/d"]);
    expect(rest).toMatchObject({ prefixes: ["l/c/"] });
  });
});

test("what isn't offered is answered 501, in Google's form", async () => {
  const file = await kit.save("plain-file", "1");
  await expect(kit.bucket.combine([file, file], "both")).rejects.toMatchObject(failed(501));
  await expect(kit.storage.getBuckets()).rejects.toMatchObject(failed(501));
  await expect(kit.bucket.getFiles({ versions: true })).rejects.toMatchObject(failed(501));
  await expect(kit.save("acl", "1", { predefinedAcl: "private" })).rejects.toMatchObject(
    failed(501),
  );
  const response = await fetch(`${kit.server.url}/${kit.bucket.name}/plain-file`);
  expect(await response.json()).toMatchObject({
    error: { code: 501, errors: [{ reason: "notImplemented" }] },
  });
});

test("a request that names another host is refused", async () => {
  const answered = new Promise<number | undefined>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: kit.server.port, headers: { host: "evil.test" } };
    request({ ...options, path: `/b/${kit.bucket.name}/o` }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(await answered).toBe(403);
});

test("objects and generations survive a restart; a session's bytes don't", async () => {
  const file = await kit.save("kept-over", "still here");
  const [{ generation }] = await file.getMetadata();
  await kit.bucket.file("never-finished").createResumableUpload();
  const files = readdirSync(kit.bytesFolder).length;
  await kit.server.close();
  await kit.start();
  expect(await kit.textOf("kept-over")).toBe("still here");
  expect((await kit.bucket.file("kept-over").getMetadata())[0].generation).toBe(generation);
  expect(readdirSync(kit.bytesFolder).length).toBeLessThan(files);
});
