/** Files that are larger than one request: sent and read through signed addresses, or streamed. */
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { killFunction, orderFault, until, untilHeld } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import {
  beginUpload,
  completeUpload,
  mib,
  openSession,
  sendAll,
  sendChunk,
  sha256Of,
  someBytes,
  uploadsOf,
} from "../kit/signed-transfers.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";
import { expectRefusal } from "../security/support/refusals.ts";

let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key);
});

const fileOf = (path: string) => `/v1/environments/${environmentId}/files/${path}`;
const transferOf = (id: string) => firestore().doc(`owners/${owner.id}/transfers/${id}`);
const usage = () => firestore().doc(`owners/${owner.id}/usage/storage`);

async function storedBytes(): Promise<number> {
  return Number((await usage().get()).get("bytes") ?? 0);
}

/** Has the owner's objects swept now, whenever it would be due. */
async function sweepNow(): Promise<void> {
  await usage().update({ sweepAt: 1 });
  await sweep("objects");
}

/** An upload that is begun and sent, and not completed. */
async function sent(path: string, bytes: Buffer, sha256?: string): Promise<string> {
  const said = sha256 === undefined ? {} : { sha256 };
  const { json } = await beginUpload(owner, environmentId, { path, size: bytes.length, ...said });
  await sendAll(json.upload.request, bytes);
  return json.upload.id;
}

describe("WSP-2 a file above 24 MiB", () => {
  test("is sent in chunks, put into the workspace, read by code and read back", async () => {
    const bytes = someBytes(30 * mib + 7);
    const sha256 = sha256Of(bytes);
    const id = await sent("data/big.bin", bytes, sha256);
    const done = await completeUpload(owner, environmentId, id);
    const { status, json } = done;
    expect([status, json]).toEqual([
      200,
      {
        ...{ success: true, environmentId, filename: "big.bin", path: "data/big.bin" },
        ...{ size: bytes.length, sha256 },
      },
    ]);
    // A client that lost the answer asks again.
    expect((await completeUpload(owner, environmentId, id)).json).toEqual(json);
    const whole = await send(fileOf("data/big.bin"), { key: owner.key });
    expect([whole.status, whole.headers["content-length"], whole.headers.etag]).toEqual([
      200,
      undefined,
      `"${sha256}"`,
    ]);
    expect(whole.bytes.equals(bytes)).toBe(true);
    const threadId = await newThread(owner.key, { environmentId });
    const { content } = await runScript(
      owner.key,
      threadId,
      "sha256sum data/big.bin; head -c 40000000 /dev/urandom >made.bin; sha256sum made.bin",
    );
    expect(content).toContain(`${sha256}  data/big.bin`);
    const made = await send(fileOf("made.bin"), { key: owner.key });
    expect(made.bytes.length).toBe(40_000_000);
    expect(content).toContain(`${sha256Of(made.bytes)}  made.bin`);
  });

  test.runIf(isTurn(1, 3))(
    "of 300 MB that code made is saved, listed, restored and read",
    async () => {
      const place = await newEnvironment(owner.key);
      const threadId = await newThread(owner.key, { environmentId: place });
      const make = "head -c 300000000 /dev/urandom >huge.bin; sha256sum huge.bin";
      const made = await runScript(owner.key, threadId, make);
      expect(made.run.status).toBe("success");
      const files = `/v1/environments/${place}/files`;
      const { json } = await send(files, { key: owner.key });
      expect(json.data).toMatchObject([{ path: "huge.bin", size: 300_000_000 }]);
      const again = await runScript(owner.key, threadId, "sha256sum huge.bin");
      expect(again.content).toBe(made.content);
      const { bytes } = await send(`${files}/huge.bin`, { key: owner.key });
      expect(`${sha256Of(bytes)}  huge.bin\n`).toBe(made.content);
    },
  );

  test("is read in long ranges, by conditions, and from a signed address", async () => {
    const bytes = someBytes(30 * mib);
    const id = await sent("ranges.bin", bytes);
    expect((await completeUpload(owner, environmentId, id)).status).toBe(200);
    const key = owner.key;
    const range = "bytes=1000-";
    const part = await send(fileOf("ranges.bin"), { key, headers: { range } });
    expect([part.status, part.headers["content-range"]]).toEqual([
      206,
      `bytes 1000-${bytes.length - 1}/${bytes.length}`,
    ]);
    expect(part.bytes.equals(bytes.subarray(1000))).toBe(true);
    const etag = `"${sha256Of(bytes)}"`;
    const same = await send(fileOf("ranges.bin"), { key, headers: { "if-none-match": etag } });
    expect(same.status).toBe(304);
    const head = await send(fileOf("ranges.bin"), { key, method: "HEAD" });
    expect(head.headers["content-length"]).toBe(String(bytes.length));
    const body = { path: "ranges.bin" };
    const at = `/v1/environments/${environmentId}/downloads`;
    const { status, json } = await send(at, { key, body });
    expect([status, json.download.size, json.download.sha256]).toEqual([
      201,
      bytes.length,
      sha256Of(bytes),
    ]);
    const { url } = json.download.request;
    const read = await fetch(url, { headers: { range: "bytes=5-9" } });
    expect(read.status).toBe(206);
    expect(read.headers.get("content-disposition")).toContain("ranges.bin");
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes.subarray(5, 10))).toBe(true);
    const all = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(all.equals(bytes)).toBe(true);
    // The same object again, so nothing more is stored.
    const before = await storedBytes();
    expect((await send(at, { key, body })).status).toBe(201);
    expect(await storedBytes()).toBe(before);
  });

  test("is continued where it was cut off", async () => {
    const bytes = someBytes(2 * mib + 5);
    const total = bytes.length;
    const { json } = await beginUpload(owner, environmentId, { path: "cut.bin", size: total });
    const session = await openSession(json.upload.request);
    const first = bytes.subarray(0, mib);
    expect((await sendChunk(session, { bytes: first, offset: 0, total })).status).toBe(308);
    const early = await completeUpload(owner, environmentId, json.upload.id);
    expectRefusal(early, 409, "UPLOAD_INCOMPLETE");
    const asked = { method: "PUT", headers: { "content-range": `bytes */${total}` } };
    const state = await fetch(session, asked);
    expect([state.status, state.headers.get("range")]).toEqual([308, `bytes=0-${mib - 1}`]);
    const rest = { bytes: bytes.subarray(mib), offset: mib, total };
    expect((await sendChunk(session, rest)).status).toBe(200);
    expect((await completeUpload(owner, environmentId, json.upload.id)).status).toBe(200);
    const { bytes: read } = await send(fileOf("cut.bin"), { key: owner.key });
    expect(read.equals(bytes)).toBe(true);
  });
});

describe("WSP-2 an upload of a large file", () => {
  test("whose completion dies can be completed again", async () => {
    const bytes = someBytes(20 * mib);
    const id = await sent("killed.bin", bytes);
    // Its first pack is stored; over the second one the function is killed.
    const upload = { method: "upload", fault: { kind: "delay", delayMs: 0 }, calls: 1 } as const;
    await orderFault("storage", upload);
    await orderFault("storage", { ...upload, fault: { kind: "hold-before" } });
    const dying = completeUpload(owner, environmentId, id);
    await untilHeld("storage");
    await killFunction("files");
    expect((await dying).status).toBeGreaterThanOrEqual(500);
    await orderFault("storage", null);
    const again = await until("a function that completes it", async () => {
      const answer = await completeUpload(owner, environmentId, id);
      return answer.status < 500 && answer;
    });
    expect([again.status, again.json.sha256]).toEqual([200, sha256Of(bytes)]);
  });

  test("whose bytes have another hash is refused, and the workspace stays as it is", async () => {
    const bytes = someBytes(mib);
    const id = await sent("wrong.bin", bytes, sha256Of(someBytes(1)));
    expectRefusal(await completeUpload(owner, environmentId, id), 422, "UPLOAD_MISMATCH");
    // Its bytes can't change, and aren't read again.
    expectRefusal(await completeUpload(owner, environmentId, id), 410, "TRANSFER_ENDED");
    expectRefusal(await send(fileOf("wrong.bin"), { key: owner.key }), 404, "NOT_FOUND");
  });

  test("that is completed many times at once is put there once", async () => {
    const at = `/v1/environments/${environmentId}/snapshots`;
    await send(`${at}/initialize`, { key: owner.key, body: {} });
    const id = await sent("once.bin", someBytes(mib));
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => await completeUpload(owner, environmentId, id)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { json } = await send(at, { key: owner.key });
    const made = json.data.filter(({ changedPaths }: { changedPaths: string[] }) =>
      changedPaths.includes("once.bin"),
    );
    expect(made).toHaveLength(1);
  });

  test("is completed while an execution runs, and both keep what they did", async () => {
    const threadId = await newThread(owner.key, { environmentId });
    const bytes = someBytes(mib);
    const id = await sent("meanwhile.bin", bytes);
    const [run, done] = await Promise.all([
      runScript(owner.key, threadId, "sleep 1; echo code >code.txt"),
      completeUpload(owner, environmentId, id),
    ]);
    expect([run.run.status, done.status]).toEqual(["success", 200]);
    const read = await send(fileOf("meanwhile.bin"), { key: owner.key });
    expect(read.bytes.equals(bytes)).toBe(true);
    expect((await send(fileOf("code.txt"), { key: owner.key })).text).toBe("code\n");
  });

  test("that would not fit is refused before anything is sent", async () => {
    const size = 3_900 * mib;
    const large = await beginUpload(owner, environmentId, { path: "large.bin", size });
    expectRefusal(large, 422, "WORKSPACE_FULL");
  });

  test("counts as stored from its beginning, and no more once it was cancelled or expired", async () => {
    const poor = await newOwner({ creditUsd: 0 });
    const place = await newEnvironment(poor.key);
    const stored = firestore().doc(`owners/${poor.id}/usage/storage`);
    const counted = async () => (await stored.get()).get("bytes");
    const size = 5 * mib;
    const cancelled = await beginUpload(poor, place, { path: "a", size });
    const expired = await beginUpload(poor, place, { path: "b", size });
    const sentOne = await beginUpload(poor, place, { path: "c", size });
    await sendAll(sentOne.json.upload.request, someBytes(size));
    expect(await counted()).toBe(3 * size);
    const idOf = ({ json }: typeof expired) => json.upload.id;
    const at = uploadsOf(place, `/${idOf(cancelled)}`);
    expect((await send(at, { key: poor.key, method: "DELETE" })).status).toBe(200);
    expect((await send(at, { key: poor.key })).json.upload.state).toBe("cancelled");
    for (const one of [expired, sentOne]) {
      await firestore()
        .doc(`owners/${poor.id}/transfers/${idOf(one)}`)
        .update({ endsAt: 1 });
    }
    expect(
      (await send(uploadsOf(place, `/${idOf(expired)}`), { key: poor.key })).json,
    ).toMatchObject({
      upload: { state: "expired" },
    });
    for (const one of [cancelled, expired, sentOne]) {
      expectRefusal(await completeUpload(poor, place, idOf(one)), 410, "TRANSFER_ENDED");
    }
    await stored.update({ sweepAt: 1 });
    expect((await sweep("objects")).json.deleted).toBeGreaterThan(0);
    expect(await counted()).toBe(0);
  });

  test("stores nothing through its sessions once it has ended, before and after a sweep", async () => {
    const bytes = someBytes(mib);
    const total = bytes.length;
    const begin = async (path: string) => {
      const { json } = await beginUpload(owner, environmentId, { path, size: total });
      const { id, request } = json.upload;
      return { id, request, late: await openSession(request), last: await openSession(request) };
    };
    const whole = { bytes, offset: 0, total };
    const cancelled = await begin("cancelled.bin");
    const at = uploadsOf(environmentId, `/${cancelled.id}`);
    expect((await send(at, { key: owner.key, method: "DELETE" })).status).toBe(200);
    await until("its place to be taken", async () => {
      return (await fetch(cancelled.request.url, cancelled.request)).status === 412;
    });
    expect((await sendChunk(cancelled.late, whole)).status).toBe(412);
    const completed = await begin("twice.bin");
    await sendAll(completed.request, bytes);
    expect((await completeUpload(owner, environmentId, completed.id)).status).toBe(200);
    expect((await sendChunk(completed.late, whole)).status).toBe(412);
    await sweepNow();
    expect((await transferOf(completed.id).get()).get("isCounted")).toBe(false);
    expect((await sendChunk(cancelled.last, whole)).status).toBe(412);
    expect((await sendChunk(completed.last, whole)).status).toBe(412);
  });

  test("that is completed is counted once its object is swept, as the file alone", async () => {
    await sweepNow();
    const before = await storedBytes();
    const id = await sent("counted.bin", someBytes(3 * mib));
    expect((await completeUpload(owner, environmentId, id)).status).toBe(200);
    await sweepNow();
    expect((await transferOf(id).get()).get("isCounted")).toBe(false);
    const more = (await storedBytes()) - before;
    // The file, and a manifest that names it.
    expect(more).toBeGreaterThanOrEqual(3 * mib);
    expect(more).toBeLessThan(4 * mib);
  });
});
