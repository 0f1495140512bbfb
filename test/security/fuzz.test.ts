/** Arbitrary requests to every operation: none fails on our side, and all answers are described. */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud } from "../kit/cloud.ts";
import { fuzz } from "../kit/fuzz/run.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { seed } from "../kit/seed.ts";

const requests = 3_000;

test("3,000 arbitrary requests get no 5xx and no answer that isn't described", async () => {
  const owner = await newOwner({ creditUsd: 50 });
  const other = await newOwner();
  const environmentId = await newEnvironment(owner.key);
  const threadId = await newThread(owner.key, { environmentId });
  const { answer } = await runScript(owner.key, threadId, "echo hello > hello.txt");
  const bounds = { name: "narrow", scopes: ["agents:read"] };
  const { json: narrowMade } = await send("/v1/keys", { key: owner.key, body: bounds });
  const { baseUrl, operatorToken } = cloud();
  const known = [environmentId, threadId, answer.text, other.id].join(" ");
  const target = {
    baseUrl,
    owner,
    narrow: { id: narrowMade.id, key: narrowMade.key },
    operatorToken,
    known,
  };
  const result = await fuzz(target, { requests, seed, deepPercent: 15 });
  expect(result.faults.join("\n")).toBe("");
  expect(result.sent).toBe(requests);
});
