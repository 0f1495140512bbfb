/** What signed addresses cost an account: who only reads takes no room from who writes. */
import { Storage } from "@google-cloud/storage";
import { describe, expect, test } from "vitest";
import { workspaceBucket } from "../../local/cloud/names.ts";
import { multipart, send } from "../kit/client.ts";
import { cloud } from "../kit/cloud.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { beginUpload } from "../kit/signed-transfers.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";
import { expectRefusal } from "../security/support/refusals.ts";

async function newReader(files: Readonly<Record<string, string>>) {
  const owner = await newOwner({ creditUsd: 0 });
  const environmentId = await newEnvironment(owner.key);
  const upload = async (name: string, bytes: string) =>
    await send(`/v1/environments/${environmentId}/files/upload`, {
      ...{ key: owner.key, method: "POST", ...multipart({ name, bytes }) },
    });
  for (const [name, bytes] of Object.entries(files)) {
    expect((await upload(name, bytes)).status).toBe(200);
  }
  const body = { name: "reader", scopes: ["files:read"] };
  const { key } = (await send("/v1/keys", { key: owner.key, body })).json;
  const sign = async (path: string) =>
    await send(`/v1/environments/${environmentId}/downloads`, { key, body: { path } });
  const usage = async (name: string) => await dataOf(owner, `usage/${name}`);
  return { owner, environmentId, upload, sign, usage };
}

async function dataOf({ id }: TestOwner, path: string) {
  return (await firestore().doc(`owners/${id}/${path}`).get()).data();
}

const transfersOf = ({ id }: TestOwner) => firestore().collection(`owners/${id}/transfers`);
const idOf = (url: string) => /transfers\/([\w-]+)/.exec(url)?.[1] ?? "";

async function objectsOf({ id }: TestOwner, kind: string) {
  const { STORAGE_EMULATOR_HOST: apiEndpoint = "", GOOGLE_CLOUD_PROJECT: projectId = "" } =
    cloud().environment;
  const prefix = `owners/${id}/${kind}/`;
  return (
    await new Storage({ apiEndpoint, projectId }).bucket(workspaceBucket).getFiles({ prefix })
  )[0];
}

describe("TEN-2 a key that may only read", () => {
  test("gets an address of an empty file, and one object for all who ask", async () => {
    const { owner, sign, usage } = await newReader({ empty: "" });
    const stored = await usage("storage");
    const urls: string[] = [];
    for (let times = 0; times < 25; times += 1) {
      const { status, json } = await sign("empty");
      expect([status, json.download?.size]).toEqual([201, 0]);
      urls.push(json.download.request.url);
    }
    expect(new Set(urls.map(idOf)).size).toBe(1);
    const signed = (await auditOf(owner.id)).filter(({ action }) => action === "download.signed");
    expect(signed, "the trail says of each address when it was made").toHaveLength(urls.length);
    const read = await fetch(urls.at(-1) ?? "");
    expect([read.status, (await read.arrayBuffer()).byteLength]).toEqual([200, 0]);
    const now = await usage("storage");
    expect([now?.bytes, now?.objects]).toEqual([stored?.bytes, stored?.objects]);
    expect(await usage("signedCopies")).toMatchObject({ bytes: 0, objects: 1 });
    await firestore().doc(`owners/${owner.id}/usage/storage`).update({ sweepAt: 1 });
    await sweep("objects");
    expect((await fetch(urls.at(-1) ?? "")).status).toBe(200);
  });

  test("takes its own share, and none of what may be stored", async () => {
    const { owner, environmentId, upload, sign, usage } = await newReader({ a: "aaaa", b: "b" });
    const stored = firestore().doc(`owners/${owner.id}/usage/storage`);
    const before = await usage("storage");
    // A full account still gives addresses.
    await stored.update({ objects: 1_000_000 });
    expect((await sign("a")).status).toBe(201);
    expectRefusal(await upload("c", "c"), 422, "QUOTA_REACHED");
    await stored.update({ objects: before?.objects });
    const share = 20 * 2 ** 30;
    const copies = firestore().doc(`owners/${owner.id}/usage/signedCopies`);
    await copies.update({ bytes: share });
    const refused = await sign("b");
    expectRefusal(refused, 422, "QUOTA_REACHED");
    expect(refused.json.details).toEqual({ of: "bytes of signed addresses", limit: share });
    expect(await usage("signedCopies")).toMatchObject({ bytes: share, objects: 1 });
    expect((await objectsOf(owner, "transfers")).length).toBe(1);
    // And one whose readers have used up their share stores.
    expect((await upload("c", "c")).status).toBe(200);
    expect((await beginUpload(owner, environmentId, { path: "d", size: 9 })).status).toBe(201);
  });

  test("has at most 20 copies open, which keep no upload waiting", async () => {
    const { owner, environmentId, sign } = await newReader({ a: "a", b: "b" });
    const { json } = await sign("a");
    const known = await transfersOf(owner).doc(idOf(json.download.request.url)).get();
    const others = Array.from({ length: 20 }, (_, index) => ({
      ...known.data(),
      ...{ id: `dnl_${index}`, sha256: String(index) },
    }));
    for (const other of others) await transfersOf(owner).doc(other.id).set(other);
    expectRefusal(await sign("b"), 422, "QUOTA_REACHED");
    expect((await beginUpload(owner, environmentId, { path: "c", size: 9 })).status).toBe(201);
  });

  test("counts nothing for what can't be copied", async () => {
    const { owner, sign, usage } = await newReader({ lost: "lost bytes" });
    for (const pack of await objectsOf(owner, "packs")) await pack.delete();
    const before = [await usage("storage"), (await usage("downloads"))?.bytes ?? 0];
    for (let times = 0; times < 5; times += 1) {
      expect((await sign("lost")).status).toBeGreaterThanOrEqual(400);
    }
    const copies = await usage("signedCopies");
    expect([copies?.bytes, copies?.objects]).toEqual([0, 0]);
    expect((await transfersOf(owner).get()).size).toBe(0);
    expect(await usage("storage")).toMatchObject({
      ...{ bytes: before[0].bytes, objects: before[0].objects },
    });
  });

  test("is given the newest copy, however many there were", async () => {
    const { owner, sign } = await newReader({ "f.txt": "some content" });
    const first = idOf((await sign("f.txt")).json.download.request.url);
    const known = (await transfersOf(owner).doc(first).get()).data() ?? {};
    const batch = firestore().batch();
    // Eight days of one address an hour.
    for (let hours = 1; hours <= 192; hours += 1) {
      const id = `dnl_${String(hours).padStart(21, "0")}`;
      const endsAt = known.createdAt - hours * 3_600_000;
      batch.set(transfersOf(owner).doc(id), { ...known, id, endsAt, isCounted: false });
    }
    await batch.commit();
    const ids = new Set<string>();
    for (let times = 0; times < 5; times += 1) {
      ids.add(idOf((await sign("f.txt")).json.download.request.url));
    }
    expect([...ids]).toEqual([first]);
  });
});

test("TEN-2 uploads that are begun and given up are bounded for as long as a session lives", async () => {
  const { owner, environmentId } = await newReader({});
  const begin = async (size: number) =>
    await beginUpload(owner, environmentId, { path: "a", size });
  const { json } = await begin(1);
  const known = (await transfersOf(owner).doc(json.upload.id).get()).data() ?? {};
  const bytesMax = 200 * 2 ** 30;
  const given = { ...known, id: "upl_given_up", state: "cancelled", isCounted: false };
  const earlier = transfersOf(owner).doc(given.id);
  await earlier.set({ ...given, sizeBytes: bytesMax - 101 });
  const refused = await begin(101);
  expectRefusal(refused, 422, "QUOTA_REACHED");
  const details = { of: "bytes of uploads in eight days", limit: bytesMax };
  expect(refused.json.details).toEqual(details);
  expect((await begin(100)).status).toBe(201);
  expectRefusal(await begin(1), 422, "QUOTA_REACHED");
  await earlier.update({ createdAt: known.createdAt - 7.9 * 86_400_000 });
  expectRefusal(await begin(1), 422, "QUOTA_REACHED");
  await earlier.update({ createdAt: known.createdAt - 9 * 86_400_000 });
  expect((await begin(1)).status).toBe(201);
});
