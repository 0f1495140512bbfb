import { expect, test } from "vitest";
import { mintOwner } from "../identity/owner.ts";
import type { ManyRequest } from "../store/queries.ts";
import { finishDeletion } from "./finish-deletion.ts";

test("KEY-10 a deletion waits for nobody's reads to find what it must stop", async () => {
  const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
  const asked: ManyRequest[] = [];
  const store = {
    findParts: async (_collection: unknown, _part: unknown, request: ManyRequest) => {
      asked.push(request);
      return [];
    },
    getAll: async () => Promise.reject(new Error("enough")),
    get: async () => Promise.reject(new Error("enough")),
  };
  const deletion = { kind: "thread", id: "thread_1", actor: null, requestId: "req_1" };
  const deleting = finishDeletion({ store } as never, owner, deletion as never, () => true);
  await expect(deleting).rejects.toThrow("enough");
  expect(asked.map(({ outOfTurn }) => outOfTurn)).toEqual([true, true]);
});
