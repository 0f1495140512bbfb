/** Git that takes longer than a request waits, that loses its process, and that meets others. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import { type Answer, send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAside } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

/** A process that waits for a second instead of 45, and one that waits as usual. */
let hasty: FunctionAside;
let patient: FunctionAside;
beforeAll(async () => {
  [hasty, patient] = await Promise.all([
    startAside("git", { waits: { gitMsMax: 1_000 } }),
    startAside("git", {}),
  ]);
});
afterAll(async () => await Promise.all([hasty.stop(), patient.stop()]));

/** Git runs this filter for each file that it stages: so staging takes long. */
const slow = `
  git init -q -b main && printf x >a && printf '* filter=slow\\n' >.gitattributes
  git config filter.slow.clean 'sleep 6; cat'`;

async function prepared() {
  const owner = await newOwner();
  const environmentId = await newEnvironment(owner.key);
  const threadId = await newThread(owner.key, { environmentId });
  const { run } = await runScript(owner.key, threadId, `set -e\n${slow}`);
  expect(run?.status).toBe("success");
  const path = `/v1/environments/${environmentId}/git/stage`;
  const headers = { "idempotency-key": "stage-once" };
  const stage = async (baseUrl: string) =>
    await send(path, { key: owner.key, body: { files: ["a"] }, headers, baseUrl });
  return { owner, environmentId, threadId, stage };
}

async function gitExecutions({ id }: TestOwner) {
  const found = await firestore().collection(`owners/${id}/executions`).get();
  const scripts = found.docs.filter((doc) => String(doc.get("task.content")).includes("exec git"));
  return scripts.map((doc) => ({ id: doc.id, status: String(doc.get("status")) }));
}

/** What the request came to, once it has ended. */
async function outcomeOf(stage: () => Promise<Answer>): Promise<Answer> {
  return await until("git to have ended", async () => {
    const answer = await stage();
    return answer.status === 202 ? null : answer;
  });
}

describe("git that takes long", { timeout: 300_000 }, () => {
  test("is answered with 202, goes on, and is found again by its Idempotency-Key", async () => {
    const { owner, stage } = await prepared();
    const waiting = await stage(hasty.baseUrl);
    expect(waiting.status, waiting.text).toBe(202);
    expect(waiting.json).toMatchObject({ success: false, status: "running", sha: null });
    const { executionId } = waiting.json;
    const ended = await untilEnded(owner, executionId);
    expect(ended.status).toBe("success");
    const again = await stage(hasty.baseUrl);
    expect(again.status, again.text).toBe(200);
    expect(again.json).toMatchObject({ success: true, executionId, stagedFiles: ["a"] });
    expect(await gitExecutions(owner)).toHaveLength(1);
    await expectBalanced(owner);
  });

  test("goes on though the process dies that waits for it, and is found again", async () => {
    const { owner, stage } = await prepared();
    const broken = stage(patient.baseUrl).catch(() => null);
    await until("git to run", async () => {
      const [started] = await gitExecutions(owner);
      return started?.status === "running";
    });
    await patient.kill();
    expect(await broken, "nothing was answered").toBeNull();
    const found = await outcomeOf(async () => await stage(hasty.baseUrl));
    expect(found.status, found.text).toBe(200);
    const [only, ...others] = await gitExecutions(owner);
    expect(others).toEqual([]);
    expect(found.json).toMatchObject({ executionId: only?.id, stagedFiles: ["a"] });
    await expectBalanced(owner);
  });

  test("fails if a message changes the same file of .git meanwhile", async () => {
    const { owner, environmentId, stage } = await prepared();
    const waiting = await stage(hasty.baseUrl);
    expect(waiting.status, waiting.text).toBe(202);
    const threadId = await newThread(owner.key, { environmentId });
    const other = await runScript(owner.key, threadId, "printf y >b && cp b .git/index");
    expect(other.run?.status).toBe("success");
    const failed = await outcomeOf(async () => await stage(hasty.baseUrl));
    expect([failed.status, failed.json.code], failed.text).toEqual([422, "GIT_FAILED"]);
    expect(failed.json.message).toContain("something else changed the repository");
    await expectBalanced(owner);
  });
});
