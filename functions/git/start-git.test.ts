import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newThread } from "#shared/executions/new-thread";
import { newOwner } from "#shared/owners/act-on-owner";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { threads } from "#shared/store/threads";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { readForGit } from "./start-git.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const now = Date.UTC(2026, 10, 30);

/** The thread in which git would run, if the environment names one of an environment. */
async function threadFor(environmentId: string) {
  const store = new MemoryStore();
  const body = EnvironmentCreate.parse({ name: "fork" });
  const environment = newEnvironment(body, { id: "env_fork", publicKey: "k", now });
  const named = { agentId: null, projectId: null, appId: null, title: null, metadataJson: "{}" };
  const thread = newThread({ ...named, id: "thread_1", environmentId }, now);
  await store.commit([
    create(environments.of(owner, "env_fork"), { ...environment, gitThreadId: "thread_1" }),
    create(threads.of(owner, "thread_1"), thread),
  ]);
  const deps = { store, random: (bytes: number) => Buffer.alloc(bytes) };
  const ids = { ofRequest: () => null, next: () => "run_1" };
  const caller = { owner, key: { scopes: ["*"] } };
  const params = { environmentId: "env_fork" };
  const read = await readForGit({ caller, params, ids, deps, repeated: false } as never);
  return read.thread?.value.id ?? null;
}

test("git runs in the environment's own thread", async () => {
  expect(await threadFor("env_fork")).toBe("thread_1");
});

test("git of a fork that an earlier release made doesn't run in its source's thread", async () => {
  expect(await threadFor("env_source")).toBeNull();
});
