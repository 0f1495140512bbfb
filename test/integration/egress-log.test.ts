/** What the gateway stores of a runner's egress log, and what its owner reads. */
import { beforeAll, describe, expect, test } from "vitest";
import { prepareBeat } from "../kit/beat.ts";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";

let owner: TestOwner;
let ended: string;
beforeAll(async () => {
  owner = await newOwner();
  const environmentId = await newEnvironment(owner.key);
  const threadId = await newThread(owner.key, { environmentId });
  ended = (await runScript(owner.key, threadId, "true")).run.id;
});

const none = { sentBytes: 0, receivedBytes: 0, durationMs: 0, rule: null, address: null };
const asked = { at: 1, host: "a.test", port: 443, method: "connect", verdict: "allowed", ...none };
const came = { verdict: "allowed", rule: null, address: "1.2.3.4", durationMs: 3 };

/** A running execution of its own, and its runner's calls. */
async function runnerOf() {
  const { executionId, remove } = await plantExecution(owner, ended, { status: "running" });
  const { key, baseUrl } = await prepareBeat(owner, executionId, 0);
  return {
    store: (body: object) => send("/internal/executions/egress", { baseUrl, key, body }),
    read: (query = "") => send(`/v1/executions/${executionId}/egress${query}`, { key: owner.key }),
    remove,
  };
}

describe("NET-6 an execution's egress log", () => {
  test("shows what is allowed before its end, and completes it", async () => {
    const { store, read, remove } = await runnerOf();
    const attempts = [1, 2, 3].map((sequence) => ({ ...asked, sequence, open: true }));
    await store({ attempts, firstSequence: 1, cut: 0 });
    expect((await read()).json).toMatchObject({ total_count: 3, data: [{ open: true }, {}, {}] });
    const ends = [1, 3].map((sequence) => ({
      ...{ batch: 1, sequence, ...came, sentBytes: 10 * sequence, receivedBytes: 1 },
    }));
    const call = { attempts: [{ ...asked, sequence: 4 }], firstSequence: 4, cut: 2, ends };
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await store(call)).json).toEqual({ stored: true, lost: 0 });
    }
    const { data, cut_count } = (await read()).json;
    expect(cut_count).toBe(2);
    expect(
      data.map((one: { open: boolean; sentBytes: number }) => [one.open, one.sentBytes]),
    ).toEqual([
      [false, 10],
      [true, 0],
      [false, 30],
      [false, 0],
    ]);
    expect((await read("?limit=1&offset=2")).json.data).toMatchObject([{ address: "1.2.3.4" }]);
    await remove();
  });

  test("isn't emptied by attempts that are wrong: each keeps its place and says so", async () => {
    const { store, read, remove } = await runnerOf();
    const wrong = [
      { ...asked, sequence: 2, port: 99_999 },
      { ...asked, sequence: 3, host: "a".repeat(301) },
      { ...asked, sequence: 4, verdict: "maybe" },
      null,
    ];
    const right = [1, 6].map((sequence) => ({ ...asked, sequence }));
    const attempts = [right[0], ...wrong, right[1]];
    const end = { ...came, sentBytes: 1, receivedBytes: 1 };
    const ends = [{ ...end, batch: 900, sequence: 901 }, { sequence: "x" }];
    const stored = await store({ attempts, firstSequence: 1, cut: 0, ends });
    expect(stored.json).toEqual({ stored: true, lost: 6 });
    const { data, total_count } = (await read()).json;
    expect(total_count).toBe(6);
    expect(data.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(data.map(({ rule }: { rule: string | null }) => rule)).toEqual([
      null,
      ...Array<string>(4).fill("not_recorded"),
      null,
    ]);
    await remove();
  });

  test("takes as much at once as a runner sends", async () => {
    const { store, read, remove } = await runnerOf();
    const host = '"'.repeat(260);
    const attempts = Array.from({ length: 500 }, (_, index) => ({
      ...{ ...asked, host, sequence: index + 1, open: true },
    }));
    expect((await store({ attempts, firstSequence: 1, cut: 0 })).status).toBe(200);
    const ends = attempts.map(({ sequence }) => ({
      ...{ batch: 1, sequence, ...came, sentBytes: 2 ** 50, receivedBytes: 2 ** 50 },
    }));
    const call = { attempts: [], firstSequence: 501, cut: 0, ends };
    expect((await store(call)).json).toEqual({ stored: true, lost: 0 });
    expect((await read("?limit=1&offset=499")).json.data).toMatchObject([{ sentBytes: 2 ** 50 }]);
    await remove();
  });
});
