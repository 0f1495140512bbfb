import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { getBuildLogs } from "./get-build.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const now = Date.UTC(2026, 10, 30);

/** What is shown of a build whose events are still stored. */
async function logsOf(hasThread: boolean, eventsLastSequence: number): Promise<unknown> {
  const body = EnvironmentCreate.parse({ name: "built", packages: { system: ["jq"] } });
  const environment = newEnvironment(body, { id: "env_1", publicKey: "k", now });
  const build = { hash: "h", executionId: "run_1", threadId: "thread_1", startedAt: now };
  const execution = sampleExecution({ status: "success", endedAt: now, eventsLastSequence });
  const item = { type: "text", content: "printed" };
  const events = [{ sequence: 1, at: now, item }];
  const batch = { v: 1, firstSequence: 1, lastSequence: 1, events, expireAt: new Date(now + 1) };
  let asked = 0;
  const store = {
    require: async ({ path }: { path: string }) => {
      return { value: path.includes("/executions/") ? execution : { ...environment, build } };
    },
    exists: async () => hasThread,
    getParts: async () => [execution],
    findFitting: async () => {
      asked += 1;
      return asked === 1 ? [{ value: batch }] : [];
    },
  };
  const params = { environmentId: "env_1" };
  if (getBuildLogs.read === "nothing") return expect.fail();
  const read: unknown = await getBuildLogs.read({
    caller: { owner },
    params,
    deps: { store },
    now,
  } as never);
  return Reflect.get(Object(read), "logs");
}

test("a build's logs are what it has printed", async () => {
  expect(await logsOf(true, 1)).toBe("printed");
});

test.each([
  ["thread", false, 1],
  ["message", true, 0],
] as const)("DAT-3 a build's logs are gone with its %s, erased or not", async (_of, has, last) => {
  expect(await logsOf(has, last)).toBe("");
});
