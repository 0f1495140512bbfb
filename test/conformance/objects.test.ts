/** What the product makes of the bucket's answers, through Google's own client. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Timestamp } from "@google-cloud/firestore";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { manifestOf } from "#shared/core/workspace/manifest";
import { manifestBytes } from "#shared/core/workspace/manifest-bytes";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import { environments } from "#shared/store/environments";
import { MemoryStore } from "../kit/memory-store.ts";
import { sampleExecution } from "../kit/sample-execution.ts";
import { StorageKit } from "./storage-kit.ts";

const kit = new StorageKit();
const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const neighbour = newOwner(`user_${"b".repeat(21)}`, "development");
/** So many of the next uploads are carried out, and answered as if the bucket were away. */
let lostMax = 0;
/** Paths of downloads, in the order they came; each is held until a test lets it go. */
const downloads: string[] = [];
const held: (() => void)[] = [];
let isHolding = false;
/** Uploads of manifests that are held, each by whose it is. */
const writing: { readonly ownerId: string; readonly release: () => void }[] = [];
let isHoldingManifests = false;

/** Stands between the client and the bucket, and passes everything on. */
const between = createServer(async (incoming, answer) => {
  const { method, url = "" } = incoming;
  const headers = { ...incoming.headers, host: new URL(kit.server.url).host };
  const body = await buffer(incoming);
  if (method === "GET" && url.includes("alt=media")) {
    downloads.push(url);
    if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
  }
  if (isHoldingManifests && method === "POST" && url.includes("manifests")) {
    const ownerId = url.includes(owner.id) ? owner.id : neighbour.id;
    await new Promise<void>((release) => writing.push({ ownerId, release }));
  }
  const passed = request(new URL(url, kit.server.url), { method, headers }, async (answered) => {
    const bytes = await buffer(answered);
    const isLost = method === "POST" && lostMax > 0;
    if (isLost) lostMax -= 1;
    answer.writeHead(isLost ? 503 : (answered.statusCode ?? 500), isLost ? {} : answered.headers);
    answer.end(isLost ? "" : bytes);
  });
  passed.end(body);
});

beforeAll(async () => {
  await kit.start();
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  const { port } = between.address() as AddressInfo;
  vi.stubEnv("STORAGE_EMULATOR_HOST", `http://127.0.0.1:${port}`);
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "paddock-test");
  vi.stubEnv("PADDOCK_WORKSPACE_BUCKET", "paddock-workspaces");
  vi.resetModules();
});
afterEach(() => {
  isHolding = false;
  isHoldingManifests = false;
  for (const release of held.splice(0)) release();
  for (const { release } of writing.splice(0)) release();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  // The next file in this process reads settings of its own.
  vi.resetModules();
  between.close();
  await kit.stop();
});

test("TEN-2 an object whose first upload's answer was lost is new, so it stays counted", async () => {
  const { putObject } = await import("#shared/google/objects");
  lostMax = 1;
  expect(await putObject(owner, "packs", Buffer.from("kept"))).toMatchObject({ isNew: true });
  expect(lostMax).toBe(0);
  expect(await putObject(owner, "packs", Buffer.from("kept"))).toMatchObject({ isNew: false });
  expect(await putObject(owner, "packs", Buffer.from("other"))).toMatchObject({ isNew: true });
});

test("TEN-1 a manifest is read once for all that ask, one of an owner at a time", async () => {
  const { putObject } = await import("#shared/google/objects");
  const { readManifest } = await import("#shared/workspace/manifests");
  const store = async (whose: typeof owner, path: string) => {
    const manifest = manifestOf([{ path, type: "directory", mode: 0o755 }]);
    return (await putObject(whose, "manifests", Buffer.from(manifestBytes(manifest)))).sha256;
  };
  const [first, second, theirs] = [
    await store(owner, "first"),
    await store(owner, "second"),
    await store(neighbour, "theirs"),
  ];
  isHolding = true;
  downloads.length = 0;
  const all = [first, first, second, first, second].map((sha256) =>
    readManifest(owner, sha256, null),
  );
  const other = readManifest(neighbour, theirs, null);
  await vi.waitUntil(() => held.length === 2, 20_000);
  expect(
    downloads.map((url) => [first, second, theirs].findIndex((one) => url.includes(one))),
  ).toEqual([0, 2]);
  isHolding = false;
  for (const release of held) release();
  const paths = (await Promise.all(all)).map(({ entries }) => entries[0]?.path);
  expect(paths).toEqual(["first", "first", "second", "first", "second"]);
  expect((await other).entries[0]?.path).toBe("theirs");
  expect(downloads).toHaveLength(3);
});

test("TEN-1 manifests are written one of an owner at a time, from reading to the bucket", async () => {
  const { putObject } = await import("#shared/google/objects");
  const { inManifestTurn } = await import("#shared/workspace/manifest-turn");
  const { nextWorkspace } = await import("../../functions/runner-gateway/next-workspace.ts");
  const deps = { store: new MemoryStore(), now: Date.now };
  const folder = (path: string) => manifestOf([{ path, type: "directory", mode: 0o755 }]);
  const put = async (path: string) =>
    (await putObject(owner, "manifests", Buffer.from(manifestBytes(folder(path))))).sha256;
  const [theirs, ...saved] = [await put("theirs"), await put("mine"), await put("other")];
  const save = async (whose: typeof owner, path: string) =>
    await inManifestTurn(whose, null, async (turn) => await turn.store(deps, folder(path), null));
  const workspace = {
    manifestSha256: theirs,
    previousManifestSha256: null,
    ...{ fileCount: 0, totalBytes: 0, restoreBytes: 0 },
  };
  const identity = { id: "env_1", publicKey: "", now: 1 };
  const environment = {
    ref: environments.of(owner, "env_1"),
    version: new Timestamp(1, 0),
    value: { ...newEnvironment(EnvironmentCreate.parse({ name: "one" }), identity), workspace },
  };
  const settle = async (sha256: string) =>
    await nextWorkspace(deps, owner, {
      ...{ execution: sampleExecution(), environment, saved: sha256 },
      clientSignal: new AbortController().signal,
    });
  isHoldingManifests = true;
  const all = [save(owner, "a"), save(owner, "b"), ...saved.map(settle)];
  await vi.waitUntil(() => writing.length > 0, 20_000);
  const other = save(neighbour, "a");
  await vi.waitUntil(() => writing.some(({ ownerId }) => ownerId === neighbour.id), 20_000);
  const gone = new AbortController();
  const left = inManifestTurn(owner, gone.signal, async () => "its turn came");
  const refused = expect(left).rejects.toMatchObject({ code: "UNAVAILABLE" });
  gone.abort("gone");
  await refused;
  const mostAtOnce: number[] = [];
  for (const _ of all) {
    await vi.waitUntil(() => writing.some(({ ownerId }) => ownerId === owner.id), 20_000);
    const mine = writing.filter(({ ownerId }) => ownerId === owner.id);
    mostAtOnce.push(mine.length);
    const [first] = mine.splice(0, 1);
    if (!first) throw new Error("nothing is held");
    writing.splice(writing.indexOf(first), 1);
    first.release();
  }
  expect(mostAtOnce).toEqual([1, 1, 1, 1]);
  isHoldingManifests = false;
  for (const { release } of writing) release();
  expect(await Promise.all([...all, other])).not.toContain(null);
});
