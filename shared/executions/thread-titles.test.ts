import { expect, test } from "vitest";
import type { ReadStore } from "../store/store.ts";
import { threadTitles } from "./thread-titles.ts";

const store = {
  getAll: async () => [{ value: { id: "thread_1", title: "A question" } }],
} as unknown as ReadStore;
const titlesFor = async (...scopes: string[]) => {
  const caller = { owner: { id: "user_1" }, key: { scopes } } as unknown as Parameters<
    typeof threadTitles
  >[1];
  return [...(await threadTitles(store, caller, ["thread_1"])).values()];
};

test("KEY-2 a thread's title is shown to keys that may read threads alone", async () => {
  expect(await titlesFor("environments:read", "threads:read")).toEqual(["A question"]);
  expect(await titlesFor("environments:read", "environments:write")).toEqual([]);
});
