import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import type { Scope } from "../core/keys/scopes.ts";
import { mintOwner } from "../identity/owner.ts";
import { create } from "../store/documents.ts";
import { threads } from "../store/threads.ts";
import { newThread } from "./new-thread.ts";
import { threadTitles } from "./thread-titles.ts";

test("KEY-4 a thread's title is shown to keys that may read threads alone", async () => {
  const owner = mintOwner(`user_${"0".repeat(21)}`, "production");
  const store = new MemoryStore();
  const ids = { id: "thread_1", environmentId: "env_1", agentId: null, projectId: null };
  const fields = { ...ids, appId: null, title: "A question", metadataJson: "{}" };
  await store.commit([create(threads.of(owner, ids.id), newThread(fields, 0))]);
  const shownTo = async (...scopes: Scope[]) => [
    ...(await threadTitles(store, { owner, key: { scopes } }, [ids.id])).values(),
  ];
  expect(await shownTo("environments:read", "threads:read")).toEqual(["A question"]);
  expect(await shownTo("environments:read", "environments:write")).toEqual([]);
});
