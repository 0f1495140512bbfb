import { expect, test } from "vitest";
import { ApiRefusal, ConnectionLost } from "../api-client.ts";
import { readRun } from "./orchestration-runs.ts";

async function readWhere(error: Error, vain: number) {
  const client = { call: () => Promise.reject(error) };
  return await readRun(client, "/orchestrations/a/runs/b", new AbortController().signal, vain);
}

function refusal(status: number): ApiRefusal {
  return new ApiRefusal("No.", { status, code: "SOME", headers: new Headers() });
}

test.each([new ConnectionLost("gone"), refusal(429), refusal(500), refusal(503)])(
  "%s is waited for, some times in a row",
  async (error) => {
    expect(await readWhere(error, 0)).toBeNull();
    await expect(readWhere(error, 5)).rejects.toBe(error);
  },
);

test("a refusal that stays ends the watch at once", async () => {
  const error = refusal(404);
  await expect(readWhere(error, 0)).rejects.toBe(error);
});
