/** Google's own client against the emulator, through the proxy; local/firestore/CONFORMANCE.md. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Firestore } from "@google-cloud/firestore";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type CountingProxy, startCountingProxy } from "../../local/firestore/counting-proxy.ts";
import { type Emulator, startEmulator } from "../../local/firestore/emulator.ts";
import { isTurn } from "../kit/shard.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

const projectId = "paddock-test";
const folder = makeFolder();
const kept = join(folder, "kept");
let emulator: Emulator;
let proxy: CountingProxy;
let db: Firestore;
let keys: Firestore;

beforeAll(async () => {
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", undefined);
  emulator = await startEmulator({ projectId });
  proxy = await startCountingProxy({ emulatorHost: emulator.host });
  // The client's own way to find an emulator, which includes the owner's token.
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", `127.0.0.1:${proxy.port}`);
  db = new Firestore({ projectId });
  keys = new Firestore({ projectId, databaseId: "keys" });
  await Promise.all([db.doc("warm/up").get(), keys.doc("warm/up").get()]);
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", undefined);
}, 120_000);

afterAll(async () => {
  await Promise.all([db.terminate(), keys.terminate()]);
  await proxy.close();
  await emulator.close();
  removeFolder(folder);
});

beforeEach(() => {
  proxy.faults.clear();
  proxy.reset();
});

describe("the rules", () => {
  test("deny a client without credentials, in both databases", async () => {
    for (const database of ["(default)", "keys"]) {
      const path = `projects/${projectId}/databases/${database}/documents/a/b`;
      const url = `http://${emulator.host}/v1/${path}`;
      const read = await fetch(url);
      expect(read.status).toBe(403);
      const write = await fetch(url, { method: "PATCH", body: JSON.stringify({ fields: {} }) });
      expect(write.status).toBe(403);
    }
  });
});

describe("the counters", () => {
  test("count a document that is asked for, there or not", async () => {
    await db.doc("count/there").set({ n: 1 });
    proxy.reset();
    await db.getAll(db.doc("count/there"), db.doc("count/missing"));
    expect(proxy.counters()).toMatchObject({ reads: 2, writes: 0, calls: 1, roundTrips: 1 });
  });

  test("count the writes of a commit that succeeded, and none of one that didn't", async () => {
    const batch = db.batch();
    batch.set(db.doc("count/a"), { n: 1 });
    batch.set(db.doc("count/b"), { n: 2 });
    await batch.commit();
    expect(proxy.counters()).toMatchObject({ reads: 0, writes: 2 });
    await expect(db.doc("count/a").create({})).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
    });
    expect(proxy.counters()).toMatchObject({ writes: 2, calls: 2 });
  });

  test("count a query's documents, and one for a query without any", async () => {
    const batch = db.batch();
    for (const id of ["1", "2", "3"]) batch.set(db.doc(`query/${id}`), { id });
    await batch.commit();
    proxy.reset();
    await db.collection("query").where("id", ">=", "2").get();
    expect(proxy.counters()).toMatchObject({ reads: 2 });
    await db.collection("query").where("id", "==", "none").get();
    expect(proxy.counters()).toMatchObject({ reads: 3 });
    await db.collection("query").count().get();
    expect(proxy.counters()).toMatchObject({ reads: 4 });
  });

  test("count calls that overlap as one trip", async () => {
    proxy.faults.order("BatchGetDocuments", { kind: "delay", delayMs: 30 }, 2);
    await Promise.all([db.doc("trip/a").get(), db.doc("trip/b").get()]);
    expect(proxy.counters()).toMatchObject({ calls: 2, roundTrips: 1 });
    await db.doc("trip/a").get();
    expect(proxy.counters()).toMatchObject({ calls: 3, roundTrips: 2 });
  });

  test("count what a listener is sent apart from reads, and no trip for it", async () => {
    await db.doc("listen/a").set({ n: 1 });
    proxy.reset();
    const seen: unknown[] = [];
    const stop = db.doc("listen/a").onSnapshot((snapshot) => void seen.push(snapshot.get("n")));
    await vi.waitFor(() => expect(seen).toEqual([1]), 20_000);
    await db.doc("listen/a").set({ n: 2 });
    await vi.waitFor(() => expect(seen).toEqual([1, 2]), 20_000);
    stop();
    expect(proxy.counters()).toMatchObject({ reads: 0, listenReads: 2, roundTrips: 1 });
  });
});

describe("the proxy", () => {
  test("carries a transaction, and a refusal with its code", async () => {
    const counter = db.doc("carry/counter");
    await counter.set({ n: 1 });
    await db.runTransaction(async (transaction) => {
      const snapshot = await transaction.get(counter);
      transaction.update(counter, { n: Number(snapshot.get("n")) + 1 });
    });
    expect((await counter.get()).get("n")).toBe(2);
    const lastUpdateTime = (await db.doc("carry/counter").get()).updateTime;
    await counter.update({ n: 3 });
    const stale = counter.update({ n: 4 }, lastUpdateTime ? { lastUpdateTime } : {});
    await expect(stale).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });

  test("carries documents near the size limit", async () => {
    const batch = db.batch();
    for (const id of [1, 2, 3]) {
      batch.set(db.doc(`large/${id}`), { bytes: Buffer.alloc(1_000_000, id) });
    }
    await batch.commit();
    const all = await db.collection("large").get();
    expect(all.docs.map((snapshot) => snapshot.get("bytes").length)).toEqual(
      Array(3).fill(1_000_000),
    );
  });

  test("refuses a call before the database sees it", async () => {
    proxy.faults.order("Commit", { kind: "unavailable-before" }, 20);
    const write = db.doc("fault/before").set({ n: 1 });
    await vi.waitFor(() => expect(proxy.counters().calls).toBeGreaterThan(0), 20_000);
    expect((await keysOf("fault")).length).toBe(0);
    proxy.faults.clear();
    await write;
  });

  test("loses the answer of a call that was carried out", async () => {
    proxy.faults.order("Commit", { kind: "unavailable-after" });
    // The client retries, and finds the result of its first call.
    const create = db.doc("fault/after").create({ n: 1 });
    await expect(create).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    expect((await db.doc("fault/after").get()).get("n")).toBe(1);
  });
});

async function keysOf(collection: string): Promise<string[]> {
  const snapshot = await db.collection(collection).get();
  return snapshot.docs.map(({ id }) => id);
}

describe("kept data", () => {
  test.runIf(isTurn(3, 4))("comes back in both databases, of every type", async () => {
    const value = {
      number: 1.5,
      bytes: Buffer.from("bytes"),
      nested: { list: [1, null, true, { deep: "yes" }] },
      reference: db.doc("other/one"),
    };
    await db.doc("keep/a").set(value);
    await keys.doc("keep/a").set({ sealed: true });
    await emulator.exportTo(kept);
    // The remains of a later export that was interrupted.
    mkdirSync(join(kept, "export-00000000-0000-0000-0000-000000000000"));
    writeFileSync(join(kept, "current.cut-off.tmp"), "{");

    const second = await startEmulator({ projectId, importFrom: kept });
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", second.host);
    const again = new Firestore({ projectId });
    const keysAgain = new Firestore({ projectId, databaseId: "keys" });
    const [main, sealed] = await Promise.all([
      again.doc("keep/a").get(),
      keysAgain.doc("keep/a").get(),
    ]);
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", undefined);
    await Promise.all([again.terminate(), keysAgain.terminate()]);
    await second.close();
    expect(main.data()).toMatchObject({ number: 1.5, bytes: value.bytes, nested: value.nested });
    expect(main.get("reference").path).toBe("other/one");
    expect(sealed.data()).toEqual({ sealed: true });
    await emulator.exportTo(kept);
    expect(readdirSync(kept).filter((name) => name.startsWith("export-"))).toHaveLength(1);
  });

  test("can be cleared", async () => {
    await emulator.clear();
    expect((await db.doc("keep/a").get()).exists).toBe(false);
    expect((await keys.doc("keep/a").get()).exists).toBe(false);
  });
});

describe("the process", () => {
  test("listens where no web page finds it, since it answers every page", async () => {
    const [address = "", port = ""] = emulator.host.split(":");
    const [first, second] = address.split(".").map(Number);
    expect([first, second]).toEqual([127, expect.any(Number)]);
    expect(second).toBeGreaterThan(0);
    const other = await startEmulator({ projectId });
    expect(other.host.split(":")[0]).not.toBe(address);
    await other.close();
    for (const named of ["127.0.0.1", "localhost"]) {
      await expect(fetch(`http://${named}:${port}/`)).rejects.toThrow();
    }
  });

  test.runIf(isTurn(2, 4))("ends with the one that started it, however that ends", async () => {
    const module = join(import.meta.dirname, "../../local/firestore/emulator.ts");
    const program = `
      const { startEmulator } = await import(${JSON.stringify(module)});
      console.log((await startEmulator({ projectId: "p" })).host);
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [host] = await once(createInterface({ input: child.stdout }), "line");
    const isUp = () =>
      fetch(`http://${host}/`).then(
        () => true,
        () => false,
      );
    expect(await isUp()).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(async () => expect(await isUp()).toBe(false), 20_000);
  });

  test("is left alone when one runs already", async () => {
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator.host);
    const found = await startEmulator({ projectId });
    expect(found).toMatchObject({ host: emulator.host, isOurs: false });
    await found.close();
    expect((await fetch(`http://${emulator.host}/`)).ok).toBe(true);
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", "db.example.com:8080");
    await expect(startEmulator({ projectId })).rejects.toThrow("on this machine");
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", undefined);
  });
});
