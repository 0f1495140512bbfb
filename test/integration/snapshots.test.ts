/** Snapshots, changes and forks of a workspace, which are references to what is stored anyway. */
import { describe, expect, test } from "vitest";
import { accountId } from "#shared/store/owners";
import { multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

async function upload(key: string, environmentId: string, name: string, text: string) {
  const { raw, headers } = multipart({ name, bytes: text });
  const at = `/v1/environments/${environmentId}/files/upload`;
  const answer = await send(at, { key, raw, headers });
  expect(answer.status, answer.text).toBe(200);
}

describe("WSP-4 a snapshot", () => {
  test("is made of each change once there is one, and can be compared, read, forked, restored", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const environmentId = await newEnvironment(key, {
      secrets: [{ key: "TOKEN", value: "a long one" }],
    });
    const at = `/v1/environments/${environmentId}`;
    const get = async (path: string) => (await send(`${at}${path}`, { key })).json;
    await upload(key, environmentId, "notes.txt", "one\ntwo\n");
    expect((await get("/snapshots")).total_count).toBe(0);
    const first = await send(`${at}/snapshots/initialize`, { key, method: "POST" });
    expect(first.status, first.text).toBe(201);
    const { snapshot } = first.json;
    const again = await send(`${at}/snapshots/initialize`, { key, method: "POST" });
    expect(again.json.snapshot.id).toBe(snapshot.id);

    const threadId = await newThread(key, { environmentId });
    await runScript(key, threadId, "echo three >>notes.txt; echo new >made.txt");
    await upload(key, environmentId, "notes.txt", "replaced\n");

    const changes = await get("/changes");
    expect(changes.data).toMatchObject([
      { sourceKind: "manual", files: [{ path: "notes.txt", operation: "uploaded" }] },
      {
        sourceKind: "thread",
        sourceThreadId: threadId,
        files: [
          { path: "made.txt", operation: "created" },
          { path: "notes.txt", operation: "modified" },
        ],
      },
    ]);
    expect((await get("/changes?operation=created,deleted")).data).toMatchObject([
      { files: [{ path: "made.txt" }] },
    ]);
    const byThread = changes.data[1];
    const diff = await get(`/changes/${byThread.id}/diff?path=notes.txt`);
    expect(diff).toMatchObject({ additions: 1, deletions: 0, changedPaths: ["notes.txt"] });
    expect(diff.diff).toContain("\n two\n+three\n");
    const old = await get(`/snapshots/${snapshot.id}/file?path=notes.txt`);
    expect(old).toMatchObject({ content: "one\ntwo\n", encoding: "utf-8" });
    const files = await get(`/snapshots/${byThread.snapshotId}/files`);
    expect(files.data.map(({ path }: { path: string }) => path)).toEqual(["made.txt", "notes.txt"]);

    const forked = await send(`${at}/changes/${byThread.id}/fork`, { key, body: { name: "fork" } });
    expect(forked.json, forked.text).toMatchObject({ environment: { name: "fork", secrets: [] } });
    const fork = forked.json.environment.id;
    const inFork = await send(`/v1/environments/${fork}/files/notes.txt`, { key });
    expect(inFork.text).toBe("one\ntwo\nthree\n");

    await send(`${at}/snapshots/${byThread.snapshotId}`, { key, method: "DELETE" });
    const later = await get(`/changes/${changes.data[0].id}/diff`);
    expect(later.diff).toContain("\n-two\n+replaced\n");
    const back = await send(`${at}/snapshots/${snapshot.id}/restore`, { key, method: "POST" });
    expect(back.json, back.text).toMatchObject({ sourceSnapshotId: snapshot.id });
    expect((await send(`${at}/files/notes.txt`, { key })).text).toBe("one\ntwo\n");
    expect((await send(`${at}/files/made.txt`, { key })).status).toBe(404);

    const gone = await send(`${at}/snapshots/${snapshot.id}`, { key, method: "DELETE" });
    expect(gone.json).toMatchObject({ deleted: true, erased: false });
    expect((await send(`${at}/snapshots/${snapshot.id}/files`, { key })).status).toBe(404);

    await send(at, { key, method: "DELETE" });
    const left = await firestore().collection(`owners/${owner.id}/snapshots`).get();
    expect(left.size).toBe(0);
    // The fork is whole without what it was made from.
    const alone = await send(`/v1/environments/${fork}/files/notes.txt`, { key });
    expect(alone.text).toBe("one\ntwo\nthree\n");
  });

  test("another environment's is as unknown as another owner's", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const [one, other] = [await newEnvironment(key), await newEnvironment(key)];
    const at = (id: string) => `/v1/environments/${id}/snapshots`;
    const made = await send(`${at(one)}/initialize`, { key, method: "POST" });
    const { id } = made.json.snapshot;
    expect((await send(`${at(other)}/${id}/files`, { key })).status).toBe(404);
    expect((await send(`${at(other)}/${id}/fork`, { key, body: {} })).status).toBe(404);
    expect((await send(`${at(other)}/${id}`, { key, method: "DELETE" })).status).toBe(404);
    expect((await send(`${at(one)}/${id}/files`, { key })).json.data).toEqual([]);
  });
});

test("a fork that an incident forbids leaves no key pair behind", async () => {
  const { id: ownerId, key } = await newOwner({ creditUsd: 0 });
  const environmentId = await newEnvironment(key);
  const at = `/v1/environments/${environmentId}/snapshots`;
  const { snapshot } = (await send(`${at}/initialize`, { key, method: "POST" })).json;
  const account = firestore().doc(`owners/${ownerId}/account/${accountId}`);
  await account.update({ [`contained.${environmentId}`]: Date.now() });
  const pairs = firestore("keys").collection(`owners/${ownerId}/sealingKeys`);
  const before = (await pairs.get()).size;
  const refused = await send(`${at}/${snapshot.id}/fork`, { key, body: {} });
  expect(refused.status, refused.text).toBe(403);
  expect((await pairs.get()).size).toBe(before);
  await account.update({ contained: {} });
  expect((await send(`${at}/${snapshot.id}/fork`, { key, body: {} })).status).toBe(201);
  expect((await pairs.get()).size).toBe(before + 1);
});

describe("the default environment", () => {
  test("is one after any number of requests that move the mark at once", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const ids = await Promise.all([1, 2, 3].map(async () => await newEnvironment(key)));
    const moves = ids.map((id) =>
      send(`/v1/environments/${id}/set-default`, { key, method: "POST" }),
    );
    expect((await Promise.all(moves)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const listed = (await send("/v1/environments?isDefault=true", { key })).json;
    expect(listed.total_count).toBe(1);
    const { json } = await send("/v1/environments/default", { key });
    expect(json.id).toBe(listed.data[0].id);
  });
});
