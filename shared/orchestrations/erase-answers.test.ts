/** Copies of answers in a run go with what was answered, and don't come back. */
import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { idOf } from "../core/ids.ts";
import { mintOwner } from "../identity/owner.ts";
import { replace } from "../store/documents.ts";
import { type OrchestrationRun, orchestrationRuns } from "../store/orchestrations.ts";
import { eraseAnswers, readRunOf } from "./erase-answers.ts";
import { endedRun, type StepExecution, withAnswers } from "./run-state.ts";

const owner = mintOwner(idOf("owner", "o".repeat(21)), "production");
const place = { orchestrationId: "orch_1", id: "orun_1" };
const ref = orchestrationRuns.of(owner, place.orchestrationId, place.id);
const step = { agentId: "agent_1", instructions: "go", inputsJson: "null", dependsOn: [] };
const order = { condition: null, needs: [], after: [] };
const results = ["a", "b"].map((name) => ({
  ...{ stepId: name, itemIndex: null, status: "running" as const },
  ...{ executionId: `run_${name}`, threadId: `thread_${name}`, output: null, error: null },
  ...{ outputTruncated: false, outputDeleted: false, durationMs: null },
}));
const started: OrchestrationRun = {
  ...{ v: 1, ownerId: owner.id, mode: "production", ...place, environmentId: "env_1" },
  ...{ keyId: "key_1", name: "pipeline", strategy: "parallel", inputsJson: "null" },
  ...{ requestSha256: null, status: "running", error: null, holdMicrousd: 9, chargedMicrousd: 0 },
  ...{ deadlineAt: 9, waitingSince: null, failures: 0, dueAt: 1, createdAt: 0, completedAt: null },
  expireAt: new Date(9),
  steps: ["a", "b"].map((name) => ({ ...step, ...order, id: name, name })),
  results,
};
const answer = { output: "said a", outputTruncated: true, reason: "completed" as const };
const times = { createdAt: 0, claimedAt: 1, endedAt: 2, chargedMicrousd: 3 };
const succeeded: StepExecution = {
  id: "run_a",
  status: "success",
  detail: null,
  ...answer,
  ...times,
};
const failed: StepExecution = {
  ...{ ...succeeded, id: "run_b", status: "failed", reason: "runner_error" },
  ...{ output: "said b", detail: "It said b." },
};
const answers = new Map([succeeded, failed].map((one) => [one.id, one]));
const isOfA = ({ threadId }: { readonly threadId: string | null }) => threadId === "thread_a";
const isOfB = ({ executionId }: { readonly executionId: string | null }) => executionId === "run_b";

async function stored(run: OrchestrationRun) {
  const store = new MemoryStore();
  await store.commit([{ op: "create", path: ref.path, value: run }]);
  const read = async () =>
    (await readRunOf(store, owner, { orchestrationRun: place })) ?? expect.fail();
  return { store, read };
}

test("what a step answered goes, with what its run quotes, and how it ended stays", async () => {
  const { run } = withAnswers(started, { executions: answers, goneMicrousd: new Map() }, new Map());
  const ended = endedRun(run, 5);
  expect(ended.error).toContain("said b");
  const { store, read } = await stored(ended);
  await store.commit(eraseAnswers(await read(), isOfB));
  const { value } = await read();
  expect(JSON.stringify(value)).not.toContain("said b");
  const deleted = "What it answered was deleted.";
  const gone = { output: null, outputTruncated: false, outputDeleted: true };
  expect(value).toEqual({
    ...ended,
    error: `The step "b" failed: ${deleted}`,
    results: [ended.results[0], { ...ended.results[1], ...gone, error: deleted }],
  });
  await store.commit(eraseAnswers(await read(), isOfA));
  expect((await read()).value.results[0]).toEqual({ ...ended.results[0], ...gone });
  expect(eraseAnswers(await read(), () => true)).toEqual([]);
});

test("a run that goes on copies no answer that was deleted before it looked", async () => {
  const { store, read } = await stored(started);
  await store.commit(eraseAnswers(await read(), () => true));
  const { run } = withAnswers(
    (await read()).value,
    { executions: answers, goneMicrousd: new Map() },
    new Map(),
  );
  expect(run.results.map(({ status }) => status)).toEqual(["completed", "failed"]);
  expect(run.chargedMicrousd).toBe(6);
  expect(JSON.stringify(endedRun(run, 5))).not.toContain("said");
});

test("of a copy and a deletion at once one fails, whichever is second", async () => {
  for (const isCopiedFirst of [true, false]) {
    const { store, read } = await stored(started);
    const { ref, value, version } = await read();
    const { run } = withAnswers(value, { executions: answers, goneMicrousd: new Map() }, new Map());
    const copied = [replace(ref, version, run)];
    const erased = eraseAnswers(await read(), isOfA);
    const [first, second] = isCopiedFirst ? [copied, erased] : [erased, copied];
    await store.commit(first);
    await expect(store.commit(second)).rejects.toThrow();
  }
});

test("a thread of no run, and one whose run is gone, has no copies", async () => {
  const store = new MemoryStore();
  expect(await readRunOf(store, owner, { orchestrationRun: null })).toBeNull();
  expect(await readRunOf(store, owner, { orchestrationRun: place })).toBeNull();
  expect(eraseAnswers(null, () => true)).toEqual([]);
});
