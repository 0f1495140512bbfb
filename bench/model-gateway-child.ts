/** The real `model-gateway` in a process of its own, for an execution that is running. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { issueToken } from "#shared/core/executions/ticket";
import { openFirestore } from "../local/firestore/admin-client.ts";
import { processSettings, readManifest } from "../local/functions/manifest.ts";
import { pollUntil } from "../local/lib/poll-until.ts";
import type { Bench } from "./figure.ts";
import { type FunctionChild, startFunction } from "./function-child.ts";
import { newOwner, newThread } from "./owners.ts";

export interface BenchGateway extends FunctionChild {
  /** The token of the execution that the calls are for. */
  readonly token: string;
}

const providerKey = "local-provider-key";
/** As long as nothing is measured for longer. */
const script = "sleep 500";
const claimMsMax = 60_000;
const tokenMs = 3_600_000;
const plenty = 1_000_000_000;

export async function startModelGateway(bench: Bench, providerUrl: string): Promise<BenchGateway> {
  const token = await tokenOfRunning(bench);
  const [modelsFile, keysFile] = ["bench-models.json", "bench-keys.json"].map((name) =>
    join(bench.bareFolder, name),
  );
  if (!modelsFile || !keysFile) throw new Error("no files");
  await writeFile(
    modelsFile,
    JSON.stringify({ providers: { anthropic: { baseUrl: providerUrl } } }),
  );
  await writeFile(keysFile, JSON.stringify({ anthropic: providerKey }));
  const models = {
    ...{ openCallsMax: 256, openPerOwnerMax: 1_000 },
    ...{ callCostMicrousdMax: plenty, executionCostMicrousdMax: plenty },
  };
  const { PADDOCK_LIMITS_FILE: _file, ...environment } = bench.environment;
  const { functions } = readManifest(bench.distFolder);
  const child = await startFunction({
    bundle: join(bench.distFolder, "functions/model-gateway.cjs"),
    environment: {
      ...environment,
      PADDOCK_LIMITS: JSON.stringify({ models, fairness: { ownerWaitingMax: 1_000 } }),
      PADDOCK_MODELS_FILE: modelsFile,
      PADDOCK_PROVIDER_KEYS_FILE: keysFile,
      ...processSettings(functions["model-gateway"]),
    },
    first: { path: "/", status: 404 },
  });
  return { ...child, token };
}

/** Starts an execution and signs its model token, as its claim does. */
async function tokenOfRunning(bench: Bench): Promise<string> {
  const owner = await newOwner(bench);
  const threadId = await newThread(bench, owner.key);
  const gone = new AbortController();
  const url = `${bench.baseUrl}/v1/threads/${threadId}/messages`;
  const headers = { authorization: `Bearer ${owner.key}`, "content-type": "application/json" };
  const body = JSON.stringify({ content: script });
  const answer = await fetch(url, { method: "POST", headers, body, signal: gone.signal });
  if (!answer.ok) throw new Error(`a message was answered ${answer.status}`);
  const database = openFirestore(bench.environment);
  try {
    const claimed = database
      .collection(`owners/${owner.id}/executions`)
      .where("status", "==", "running");
    const found = await pollUntil(async () => (await claimed.get()).docs[0], claimMsMax);
    const { environmentId, attempt } = found?.data() ?? {};
    const ids = { ownerId: owner.id, executionId: found?.id ?? "", threadId, environmentId };
    return issueToken(
      "model",
      { ...ids, attempt, expiresAt: Date.now() + tokenMs },
      await keysOf(bench),
    );
  } finally {
    gone.abort();
    await database.terminate();
  }
}

async function keysOf({ environment }: Bench) {
  const text = await readFile(environment.PADDOCK_GATEWAY_TOKENS_FILE ?? "", "utf8");
  const { current, keys } = JSON.parse(text);
  const bytes = Object.entries(keys).map(([id, hex]) => [id, Buffer.from(String(hex), "hex")]);
  return { current: String(current), keys: Object.fromEntries(bytes) };
}
