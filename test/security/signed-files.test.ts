/** What somebody can do with signed addresses of large files, and with what they leave behind. */
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import {
  beginUpload,
  completeUpload,
  mib,
  openSession,
  type SignedRequest,
  sendAll,
  sendChunk,
  sha256Of,
  someBytes,
  uploadsOf,
} from "../kit/signed-transfers.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";
import { expectRefusal } from "./support/refusals.ts";

let victim: TestOwner;
let thief: TestOwner;
let victims: string;
let thiefs: string;

beforeAll(async () => {
  [victim, thief] = [await newOwner(), await newOwner()];
  [victims, thiefs] = [await newEnvironment(victim.key), await newEnvironment(thief.key)];
});

async function begun(size: number, path = "stolen.bin") {
  const { json } = await beginUpload(thief, thiefs, { path, size });
  return json.upload as { id: string; request: SignedRequest };
}

async function codeOf(answer: Response): Promise<[number, string | undefined]> {
  return [answer.status, /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]];
}

function withPath({ url, ...signed }: SignedRequest, change: (path: string) => string) {
  const to = new URL(url);
  to.pathname = change(to.pathname);
  return { ...signed, url: to.href };
}

describe("WSP-5 TEN-2 a signed upload", () => {
  test("writes one object, of one owner, of one size", async () => {
    const { id, request } = await begun(1_000);
    const others = [
      withPath(request, (path) => path.replace(thief.id, victim.id)),
      withPath(request, (path) => path.replace(id, "another")),
      withPath(request, (path) => path.replace("transfers", "packs")),
      { ...request, headers: { ...request.headers, "x-goog-content-length-range": "0,9999999" } },
      { ...request, method: "PUT" },
      { ...request, method: "GET" },
    ];
    for (const { url, method, headers } of others) {
      const [status, code] = await codeOf(await fetch(url, { method, headers }));
      expect([status, code]).toEqual([403, "SignatureDoesNotMatch"]);
    }
    const session = await openSession(request);
    const more = { bytes: someBytes(2_000), offset: 0, total: 2_000 };
    expect((await codeOf(await sendChunk(session, more)))[1]).toBe("EntityTooLarge");
  });

  test("can't change the bytes once they were checked", async () => {
    const good = someBytes(mib);
    const { id, request } = await begun(mib, "good.bin");
    const late = await openSession(request);
    await sendAll(request, good);
    expect((await completeUpload(thief, thiefs, id)).json.sha256).toBe(sha256Of(good));
    const evil = { bytes: someBytes(mib), offset: 0, total: mib };
    expect((await sendChunk(late, evil)).status).toBe(412);
    const gone = await send(uploadsOf(thiefs, `/${id}`), { key: thief.key, method: "DELETE" });
    expectRefusal(gone, 410, "TRANSFER_ENDED");
    const again = await fetch(request.url, { method: "POST", headers: request.headers });
    expect(again.status).toBe(412);
    const read = await send(`/v1/environments/${thiefs}/files/good.bin`, { key: thief.key });
    expect(read.bytes.equals(good)).toBe(true);
  });

  test("is taken as it was sent, also if its sender calls it compressed", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * mib));
    const { id, request } = await begun(bomb.length, "bomb.gz");
    const headers = { ...request.headers, "content-encoding": "gzip" };
    await sendAll({ ...request, headers }, bomb);
    expect((await completeUpload(thief, thiefs, id)).json.sha256).toBe(sha256Of(bomb));
    const read = await send(`/v1/environments/${thiefs}/files/bomb.gz`, { key: thief.key });
    expect(read.bytes.equals(bomb)).toBe(true);
  });

  test("is nobody else's to see, complete or cancel, in whatever environment", async () => {
    const { json } = await beginUpload(victim, victims, { path: "mine.bin", size: 10 });
    const { id } = json.upload;
    const own = await newEnvironment(victim.key);
    const asked = [
      [thief.key, uploadsOf(victims, `/${id}`)],
      [thief.key, uploadsOf(thiefs, `/${id}`)],
      [victim.key, uploadsOf(own, `/${id}`)],
    ] as const;
    for (const [key, path] of asked) {
      expectRefusal(await send(path, { key }), 404, "NOT_FOUND");
      expectRefusal(await send(path, { key, method: "DELETE" }), 404, "NOT_FOUND");
      expectRefusal(await send(`${path}/complete`, { key, method: "POST" }), 404, "NOT_FOUND");
    }
    expect((await send(uploadsOf(victims, `/${id}`), { key: victim.key })).status).toBe(200);
  });

  test("by a key of another environment is refused like one of nobody", async () => {
    const other = await newEnvironment(victim.key);
    const body = { name: "narrow", scopes: ["files:read", "files:write"], environmentIds: [other] };
    const { json } = await send("/v1/keys", { key: victim.key, body });
    const narrow = { key: json.key };
    const refused = await beginUpload(narrow, victims, { path: "a", size: 1 });
    expectRefusal(refused, 404, "NOT_FOUND");
    expect((await beginUpload(narrow, other, { path: "a", size: 1 })).status).toBe(201);
  });

  test("stores nothing after it was cancelled, through any of its sessions", async () => {
    const usage = firestore().doc(`owners/${thief.id}/usage/storage`);
    const size = 2 * mib;
    const { id, request } = await begun(size, "late.bin");
    const sessions = [
      await openSession(request),
      await openSession(request),
      await openSession(request),
    ];
    const path = uploadsOf(thiefs, `/${id}`);
    expect((await send(path, { key: thief.key, method: "DELETE" })).status).toBe(200);
    const sweepNow = async () => {
      await usage.update({ sweepAt: 1 });
      return (await sweep("objects")).json;
    };
    await sweepNow();
    const before = (await usage.get()).get("bytes");
    for (const session of sessions) {
      const sent = await sendChunk(session, { bytes: someBytes(size), offset: 0, total: size });
      expect(sent.status).toBe(412);
      await sweepNow();
    }
    expect((await fetch(request.url, request)).status).toBe(412);
    expectRefusal(await completeUpload(thief, thiefs, id), 410, "TRANSFER_ENDED");
    expect((await usage.get()).get("bytes")).toBe(before);
    // Its place is looked at for as long as its sessions may live.
    expect((await usage.get()).get("sweepAt")).not.toBeNull();
  });
});

describe("WSP-5 TEN-2 a signed download", () => {
  test("reads one object, as long as its signature says, and counts in the day's bytes", async () => {
    const bytes = someBytes(mib);
    const { json } = await beginUpload(victim, victims, { path: "secret.bin", size: mib });
    await sendAll(json.upload.request, bytes);
    await completeUpload(victim, victims, json.upload.id);
    const at = (environment: string) => `/v1/environments/${environment}/downloads`;
    const body = { path: "secret.bin" };
    expectRefusal(await send(at(victims), { key: thief.key, body }), 404, "NOT_FOUND");
    const counted = firestore().doc(`owners/${victim.id}/usage/downloads`);
    const before = Number((await counted.get()).get("bytes") ?? 0);
    const signed = (await send(at(victims), { key: victim.key, body })).json.download.request;
    expect(Number((await counted.get()).get("bytes")) - before).toBeGreaterThanOrEqual(mib);
    expect((await fetch(signed.url)).status).toBe(200);
    const id = /transfers\/(\w+)/.exec(signed.url)?.[1] ?? "";
    const pack = withPath(signed, (path) =>
      path.replace(`transfers/${id}`, `packs/${"0".repeat(64)}`),
    );
    const longer = new URL(signed.url);
    longer.searchParams.set("X-Goog-Expires", "604800");
    for (const url of [pack.url, longer.href]) {
      expect(await codeOf(await fetch(url))).toEqual([403, "SignatureDoesNotMatch"]);
    }
    const write = await fetch(signed.url, {
      method: "POST",
      headers: { "x-goog-resumable": "start" },
    });
    expect(write.status).toBe(400);
  });
});
