/** Billing records reach the archive once, whatever dies, and can be read back from it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archiveBucket, billingArchive } from "../../local/cloud/names.ts";
import { cloud, orderFault, releaseHeld, until, untilHeld } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { asOperator, newOwner, type TestOwner } from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const dayMs = 86_400_000;
/** One that tests kill, besides the cloud's own. */
let aside: FunctionAside;

beforeAll(async () => {
  const [started] = await startAsides("maintenance", 1);
  aside = started ?? expect.fail();
});

afterAll(async () => await aside?.stop());

/** Lines that the owner got in the front door's way, and then aged by changing them. */
async function addLines(owner: TestOwner, ...agesMs: readonly number[]): Promise<void> {
  for (const ageMs of agesMs) {
    const body = { amount: 1, description: "Invoice of a person with a name" };
    expect((await asOperator(`/v1/admin/users/${owner.id}/credit`, body)).status).toBe(200);
    const lines = firestore().collection(`owners/${owner.id}/ledger`);
    const { docs } = await lines.orderBy("createdAt", "desc").limit(1).get();
    await docs[0]?.ref.update({ createdAt: Date.now() - ageMs });
  }
}

async function newOwnerWith(...agesMs: readonly number[]): Promise<TestOwner> {
  const owner = await newOwner({ creditUsd: 0 });
  await addLines(owner, ...agesMs);
  return owner;
}

/** This owner's turn alone: the round over the owners of all tests takes seconds. */
async function archive({ id }: TestOwner, address?: string) {
  return (await sweep(`archive?owner=${id}`, address)).json;
}

async function stateOf({ id }: TestOwner) {
  return (await firestore().doc(`owners/${id}/account/billing-archive`).get()).data();
}

async function verify(owner: TestOwner) {
  const script = join(root, "scripts/ledger-verify.ts");
  const args = [script, "--data", cloud().dataFolder, "--archive", "--owner", owner.id];
  const done = await run(process.execPath, args, { cwd: root }).catch((failed) => failed);
  return { code: done.code ?? 0, text: `${done.stdout}${done.stderr}` };
}

function objectOf({ id }: TestOwner, number: number, name = billingArchive) {
  const { STORAGE_EMULATOR_HOST: apiEndpoint = "", GOOGLE_CLOUD_PROJECT: projectId = "" } =
    cloud().environment;
  const bucket = new Storage({ apiEndpoint, projectId }).bucket(archiveBucket);
  return bucket.file(`${name}/${id}/${String(number).padStart(8, "0")}`);
}

describe("DAT-6 the archive of billing records", () => {
  test("gets an owner's lines once the oldest is a day old, without what people wrote", async () => {
    const owner = await newOwnerWith(dayMs / 2, dayMs / 4, 60_000);
    await archive(owner);
    expect(await stateOf(owner)).toBeUndefined();
    await addLines(owner, dayMs + 60_000);
    expect(await archive(owner)).toMatchObject({ lines: 3, failed: 0, forked: 0 });
    await archive(owner);
    expect(await stateOf(owner)).toMatchObject({
      objects: 1,
      totals: { lines: 3, balanceMicrousd: 3_000_000 },
    });
    const text = String((await objectOf(owner, 1).download())[0]);
    expect(text).toContain(`"ownerId":"${owner.id}"`);
    expect(text).not.toContain("Invoice");
    const { code, text: said } = await verify(owner);
    expect(said).toContain("archive: 3 lines in 1 objects");
    expect(code).toBe(0);
  });

  test("has each line once, though several instances work at once", async () => {
    const owner = await newOwnerWith(3 * dayMs, 2 * dayMs);
    await Promise.all([archive(owner), archive(owner, aside.baseUrl)]);
    expect(await stateOf(owner)).toMatchObject({ objects: 1, totals: { lines: 2 } });
    expect(await objectOf(owner, 2).exists()).toEqual([false]);
  });

  const points = [
    { what: "the object is stored", kind: "hold-before", target: "storage" },
    { what: "the database notes it", kind: "hold-before", target: "Firestore" },
    { what: "it answers", kind: "hold-after", target: "Firestore" },
  ] as const;

  test.each(sharedOut(points, 3))(
    "loses and doubles nothing if maintenance is killed before $what",
    async ({ kind, target }) => {
      const killed = aside;
      const owner = await newOwnerWith(3 * dayMs, 2 * dayMs);
      const { faults } = killed.proxy;
      if (target === "Firestore") faults.order("Commit", { kind });
      else await orderFault("storage", { method: "upload", fault: { kind }, calls: 1 });
      const ended = archive(owner, killed.baseUrl).catch(() => null);
      if (target === "Firestore") {
        await until("a commit that is held", async () => faults.held === 1);
      } else await untilHeld("storage");
      await killed.kill();
      await ended;
      if (target === "Firestore") faults.clear();
      else await releaseHeld("storage");
      await addLines(owner, 1.5 * dayMs);
      await until("the process to be back", async () => {
        return (await archive(owner, killed.baseUrl).catch(() => null)) !== null;
      });
      await archive(owner);
      expect(await stateOf(owner)).toMatchObject({ totals: { lines: 3 } });
      const { code, text } = await verify(owner);
      expect(text).toContain("archive: 3 lines");
      expect(code).toBe(0);
    },
  );

  test.runIf(isTurn(0, 2))(
    "isn't continued by a database that was restored, which begins another one",
    async () => {
      const owner = await newOwnerWith(3 * dayMs);
      await archive(owner);
      const lines = firestore().collection(`owners/${owner.id}/ledger`);
      for (const { ref } of (await lines.get()).docs)
        await ref.update({ amountMicrousd: 2_000_000 });
      await firestore().doc(`owners/${owner.id}/account/billing-archive`).delete();
      expect(await archive(owner)).toMatchObject({ lines: 0, forked: 1 });
      expect(await stateOf(owner)).toBeUndefined();
      const settings = { PADDOCK_BILLING_ARCHIVE: "billing/2" };
      const [renamed = expect.fail()] = await startAsides("maintenance", 1, { settings });
      const answer = await archive(owner, renamed.baseUrl).finally(() => renamed.stop());
      expect(answer).toMatchObject({ forked: 0 });
      expect(await stateOf(owner)).toMatchObject({ archive: "billing/2", objects: 1 });
      expect(await objectOf(owner, 1, "billing/2").exists()).toEqual([true]);
    },
  );

  test("shows what was changed in it, or is missing", async () => {
    const owner = await newOwnerWith(3 * dayMs);
    await archive(owner);
    await addLines(owner, 2 * dayMs);
    await archive(owner);
    const [text] = await objectOf(owner, 1).download();
    const edited = String(text).replace('"amountMicrousd":1000000', '"amountMicrousd":1000001');
    await objectOf(owner, 1).save(edited, { resumable: false });
    expect((await verify(owner)).text).toContain("Object 1 has other lines than the ledger.");
    await objectOf(owner, 1).save(text, { resumable: false });
    await objectOf(owner, 2).delete();
    const { code, text: said } = await verify(owner);
    expect(said).toContain("Object 2 is missing.");
    expect(code).toBe(1);
  });
});
