/** The books: an account equals the sum of its ledger, and a difference raises an alarm. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { LedgerEntry } from "#shared/store/owners";
import { formatVersion } from "#shared/store/versions";
import { accountOf } from "../kit/assert-settled.ts";
import { cloud, until } from "../kit/cloud.ts";
import { wholeLines } from "../kit/log-lines.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { auditOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

async function checkOf({ id }: TestOwner) {
  return (await firestore().doc(`owners/${id}/account/ledger-check`).get()).data();
}

/**
 * Repeats until `isDone`, for this owner alone: a whole round over the owners of all tests takes
 * longer than a test may wait.
 */
async function checkUntil(what: string, owner: TestOwner, isDone: () => Promise<boolean>) {
  await until(what, async () => {
    await sweep(`ledgers?owner=${owner.id}`);
    return await isDone();
  });
}

/** Whether the check that is stored is one of the account as it is now, and found it right. */
async function isInOrder(owner: TestOwner): Promise<boolean> {
  const account = await firestore().doc(`owners/${owner.id}/account/budget`).get();
  const check = await checkOf(owner);
  return (
    account.updateTime !== undefined && check?.accountVersion === formatVersion(account.updateTime)
  );
}

function violations(ownerId: string): unknown[] {
  const file = join(cloud().dataFolder, "logs", "maintenance.jsonl");
  return wholeLines(file)
    .filter((line) => line.includes("budget_invariant_violation") && line.includes(ownerId))
    .map((line) => JSON.parse(line));
}

async function verify(...more: string[]) {
  const script = join(root, "scripts/ledger-verify.ts");
  const args = [script, "--data", cloud().dataFolder, ...more];
  const done = await run(process.execPath, args, { cwd: root }).catch((failed) => failed);
  return { code: done.code ?? 0, text: `${done.stdout}${done.stderr}` };
}

async function credit(owner: TestOwner, amountMicrousd: number): Promise<void> {
  const { balanceMicrousd } = await accountOf(owner);
  const account = firestore().doc(`owners/${owner.id}/account/budget`);
  await account.update({ balanceMicrousd: balanceMicrousd + amountMicrousd });
}

describe("BUD-7 the ledger", () => {
  let owner: TestOwner;

  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 1 });
    const environmentId = await newEnvironment(owner.key);
    const threadId = await newThread(owner.key, { environmentId });
    expect((await runScript(owner.key, threadId, "echo paid")).run.status).toBe("success");
  });

  test("has a line for each change of the balance, with the days it counts against", async () => {
    const { docs } = await firestore().collection(`owners/${owner.id}/ledger`).get();
    const lines = docs.map((doc) => LedgerEntry.parse(doc.data()));
    const { balanceMicrousd, spentMicrousd, day } = await accountOf(owner);
    expect(lines.reduce((sum, line) => sum + line.amountMicrousd, 0)).toBe(balanceMicrousd);
    const charge = lines.find(({ type }) => type === "charge");
    expect(charge?.days).toEqual({ [day.key]: spentMicrousd });
  });

  test("agrees with the account, and is read on from where it was read last", async () => {
    await checkUntil("an account in order", owner, () => isInOrder(owner));
    expect(violations(owner.id)).toEqual([]);
    expect(await checkOf(owner)).toMatchObject({ v: 1, recounting: false });
    expect(await verify("--owner", owner.id)).toMatchObject({ code: 0 });
  });

  test("raises an alarm, a row and exit code 1 when a micro-dollar too much is there", async () => {
    await credit(owner, 1);
    await checkUntil("an alarm", owner, async () => violations(owner.id).length > 0);
    const [alarm] = violations(owner.id);
    expect(alarm).toMatchObject({ severity: "CRITICAL", message: "budget_invariant_violation" });
    const rows = (await auditOf(owner.id)).filter(({ action }) => action === "budget.violated");
    const { balanceMicrousd } = await accountOf(owner);
    const facts = { "account: balance": balanceMicrousd, "ledger: balance": balanceMicrousd - 1 };
    expect(rows).toMatchObject([{ facts }]);
    const { code, text } = await verify("--owner", owner.id);
    expect(code, text).toBe(1);
    expect(text).toContain(`the account has ${balanceMicrousd}`);
    await credit(owner, -1);
  });

  test.runIf(isTurn(0, 2))("notices a hold of nothing that runs (F13)", async () => {
    const leaker = await newOwner({ creditUsd: 1 });
    const { day, month } = await accountOf(leaker);
    const expiresAt = Date.now() + 3_600_000;
    const hold = {
      amountMicrousd: 5,
      keyId: leaker.keyId,
      day: day.key,
      month: month.key,
      expiresAt,
    };
    const account = firestore().doc(`owners/${leaker.id}/account/budget`);
    await account.update({ holds: { run_0000000000000000leak1: hold } });
    const { code, text } = await verify("--owner", leaker.id);
    expect(code).toBe(1);
    expect(text).toContain("hold of run_0000000000000000leak1: the account has 5, its ledger 0");
    await account.update({ holds: {} });
  });
});
