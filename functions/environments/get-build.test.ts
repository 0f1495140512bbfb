import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { sampleLog } from "../../test/kit/sample-log.ts";
import { getBuildLogs } from "./get-build.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const now = Date.UTC(2026, 10, 30);

interface Build {
  readonly hasThread?: boolean;
  readonly eventsLastSequence?: number;
  readonly log?: ReturnType<typeof sampleLog>;
}

/** What is shown of a build whose events are still stored. */
async function logsOf({
  hasThread = true,
  eventsLastSequence = 1,
  log = sampleLog(["printed"], now),
}: Build = {}): Promise<unknown> {
  const body = EnvironmentCreate.parse({ name: "built", packages: { system: ["jq"] } });
  const environment = newEnvironment(body, { id: "env_1", publicKey: "k", now });
  const build = { hash: "h", executionId: "run_1", threadId: "thread_1", startedAt: now };
  const execution = sampleExecution({ status: "success", endedAt: now, eventsLastSequence });
  const store = {
    require: async ({ path }: { path: string }) => {
      return { value: path.includes("/executions/") ? execution : { ...environment, build } };
    },
    exists: async () => hasThread,
    getParts: async () => [execution],
    findFitting: log.findFitting,
  };
  const params = { environmentId: "env_1" };
  if (getBuildLogs.read === "nothing") return expect.fail();
  return await getBuildLogs.read({
    caller: { owner },
    params,
    deps: { store },
    now,
  } as never);
}

test("a build's logs are what it has printed", async () => {
  expect(await logsOf()).toMatchObject({ logs: "printed", truncated: false });
});

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];

test.each([
  ["many batches", 5_000, 10, 2_000],
  ["much text", 1_000, 2_000, 132],
] as const)("of %s no more is read than is shown", async (_of, count, length, readMax) => {
  const texts = Array.from({ length: count }, (_, index) =>
    (letters[index % 8] ?? "").repeat(length),
  );
  const log = sampleLog(texts, now);
  const all = texts.join("");
  const shown = Math.min(256 * 1024, readMax * length);
  expect(await logsOf({ log })).toMatchObject({ logs: all.slice(-shown), truncated: true });
  expect(log.readCount).toBe(readMax);
});

test.each([
  ["thread", { hasThread: false }],
  ["message", { eventsLastSequence: 0 }],
])("DAT-3 a build's logs are gone with its %s, erased or not", async (_of, gone) => {
  expect(await logsOf(gone)).toMatchObject({ logs: "", truncated: false });
});
