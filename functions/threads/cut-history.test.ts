import { expect, test } from "vitest";
import { idOf } from "#shared/core/ids";
import { mintOwner } from "#shared/identity/owner";
import { evidenceFreezes } from "#shared/store/evidence-freezes";
import { cutWrites, readCut } from "./cut-history.ts";

const owner = mintOwner(idOf("owner", "o".repeat(21)), "production");
const thread = { id: idOf("thread", "t".repeat(21)), orchestrationRun: null };
const message = { id: "msg_1", role: "user", executionId: "run_1" };

test("INC-4 a cut fails if an incident freezes the messages between its read and its commit", async () => {
  const store = {
    findParts: async () => [message],
    getParts: async () => [],
    getAll: async (...refs: readonly object[]) =>
      refs.map((ref) => ({ ref, value: null, version: null })),
  };
  const body = { truncateAtMessageIndex: 0 };
  const cut = await readCut(store as never, owner, { thread, body } as never);
  const caller = { type: "key", id: "key_1", owner, key: { scopes: ["threads:write"] } };
  const writes = cutWrites(caller as never, cut ?? expect.fail(), { requestId: "r", now: 0 });
  const { path } = evidenceFreezes.doc(owner.id);
  expect(writes).toContainEqual({ op: "remove", path, version: null, mustBeMissing: true });
});
