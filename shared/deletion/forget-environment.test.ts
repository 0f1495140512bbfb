import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { mintOwner } from "../identity/owner.ts";
import { type Deletion, deletions } from "../store/deletions.ts";
import { create, type Ref, unchanged } from "../store/documents.ts";
import { evidenceFreezes } from "../store/evidence-freezes.ts";
import { type Execution, executions } from "../store/executions.ts";
import type { PathsRequest } from "../store/read-paths.ts";
import { forgetEnvironment } from "./forget-environment.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const deletion: Deletion = {
  ...{ v: 1, kind: "environment", id: "env_1", ownerId: owner.id, executionId: null },
  ...{ requestId: "r", actor: { type: "key", id: "key_a" }, dueAt: 1 },
};
const count = 1_000;
const pagesPerCall = 3;

/** An account with very many executions, each with a copy of a script. */
async function newStore(fieldsOf: (id: string) => Partial<Execution> = () => ({})) {
  const ids = Array.from({ length: count }, (_, index) => `run_${String(index).padStart(4, "0")}`);
  let pages = 0;
  const store = Object.assign(new MemoryStore(), {
    findPaths: async ({ path }: { readonly path: string }, { after, limit }: PathsRequest) => {
      if (!path.endsWith("/executions")) return [];
      pages += 1;
      const behind = ids.filter((id) => id > (after ?? ""));
      return behind.slice(0, limit).map((id) => executions.of(owner, id).path);
    },
    getParts: async (_part: object, refs: readonly Ref<typeof executions.schema>[]) =>
      (await store.getAll(...refs)).map(({ value }) => value),
  });
  const setupScripts = ["curl https://example.com"];
  const all = ids.map((id) =>
    sampleExecution({ id, environmentId: "env_1", setupScripts, ...fieldsOf(id) }),
  );
  await store.commit(all.map((one) => create(executions.of(owner, one.id), one)));
  await store.commit([create(deletions.doc("env_1"), deletion)]);
  const still = unchanged(await store.get(evidenceFreezes.doc(owner.id)));
  const call = async () => {
    pages = 0;
    const eraser = { store, keyStore: store, owner, still, isLate: () => pages >= pagesPerCall };
    const { value } = await store.require(deletions.doc("env_1"));
    return await forgetEnvironment(eraser as never, value);
  };
  const left = async () => {
    const found = await store.getAll(...ids.map((id) => executions.of(owner, id)));
    return found.filter(({ value }) => (value?.setupScripts.length ?? 0) > 0).length;
  };
  const read = async (id: string) => (await store.get(executions.of(owner, id))).value;
  return { call, left, read };
}

test("an environment is forgotten, though its executions are too many for one call", async () => {
  const { call, left } = await newStore();
  let calls = 1;
  while (calls < 20 && !(await call())) calls += 1;
  expect(calls).toBe(Math.ceil((count / 100 + 1) / pagesPerCall));
  expect(await left()).toBe(0);
});

test("a build's variables go with its environment, and that it was a build is still known", async () => {
  const build = { hash: "a".repeat(64), isTest: false, variables: [{ key: "K", value: "v" }] };
  const { call, read } = await newStore((id) =>
    id === "run_0000" ? { build, setupScripts: [] } : { setupScripts: [] },
  );
  while (!(await call()));
  expect((await read("run_0000"))?.build).toEqual({ ...build, variables: [] });
  expect((await read("run_0001"))?.build).toBeNull();
});
