/** Executions that call models, and a gateway whose providers are scripted. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { ModelMeter } from "#shared/core/money/model-meter";
import type { SettleRequest } from "#shared/protocol/runner";
import type { Execution } from "#shared/store/executions";
import { type LocalProviders, startProviders } from "../../local/providers/server.ts";
import { Gateway } from "../../runner/supervisor/gateway.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { executionOf, untilEnded } from "./assert-settled.ts";
import { tokenOf } from "./beat.ts";
import { functionUrl, until } from "./cloud.ts";
import { type FunctionAside, startAsides } from "./function-aside.ts";
import { play } from "./instant-containers.ts";
import { attempt, moneyLimits } from "./money.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

export interface ModelWorld {
  readonly providers: LocalProviders;
  /** Processes of the model gateway. */
  readonly gateways: readonly FunctionAside[];
  stop(): Promise<void>;
}

/** @param models limits of model calls. */
export async function startModelWorld(models: object = {}): Promise<ModelWorld> {
  const providers = await startProviders({ script: [] });
  const folder = temporaryFolder("paddock-models-");
  const [modelsFile, keysFile] = [join(folder, "models.json"), join(folder, "keys.json")];
  const { url: baseUrl } = providers;
  const stated = { anthropic: { baseUrl }, openai: { baseUrl }, google: { baseUrl } };
  await writeFile(modelsFile, JSON.stringify({ providers: stated }));
  const key = "local-provider-key";
  await writeFile(keysFile, JSON.stringify({ anthropic: key, openai: key, google: key }));
  const gateways = await startAsides("model-gateway", 2, {
    limits: { ...moneyLimits, models },
    settings: { PADDOCK_MODELS_FILE: modelsFile, PADDOCK_PROVIDER_KEYS_FILE: keysFile },
  });
  return {
    providers,
    gateways,
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await providers.close();
    },
  };
}

export interface CallingExecution {
  readonly owner: TestOwner;
  readonly id: string;
  readonly modelToken: string;
  /** Settles it, as its runner does, and returns it once it has ended. */
  settle(): Promise<Execution>;
  meter(): Promise<ModelMeter>;
}

/** An execution that was claimed and whose runner waits for the test. */
export async function startCalling(creditUsd: number): Promise<CallingExecution> {
  const owner = await newOwner({ creditUsd });
  const environmentId = await newEnvironment(owner.key, { computeProfile: "power" });
  const threadId = await newThread(owner.key, { environmentId });
  const baseUrl = await functionUrl("threads");
  const content = play({ silent: true });
  const { executionId: id } = await attempt(baseUrl, { owner, threadId, content });
  if (id === null) throw new Error("It didn't start.");
  await until("its claim", async () => (await executionOf(owner, id)).status === "running");
  return {
    owner,
    id,
    modelToken: await tokenOf(owner, id, "model"),
    async settle() {
      const control = await tokenOf(owner, id, "control");
      const gateway = new Gateway(await functionUrl("runner-gateway"), control);
      const request: SettleRequest = {
        leaseVersion: "1.000000000",
        outcome: "success",
        reason: "completed",
        exitCode: 0,
        output: "done",
        outputTruncated: false,
        workspace: { state: "unchanged" },
        eventsLastSequence: 0,
      };
      await gateway.settle(request, Date.now() + 60_000);
      return await untilEnded(owner, id);
    },
    async meter() {
      const path = `owners/${owner.id}/executions/${id}/meters/models`;
      return ModelMeter.parse((await firestore().doc(path).get()).data());
    },
  };
}

/** Anthropic's own client, calling through a gateway. */
export function anthropicThrough(gateway: FunctionAside, { modelToken }: CallingExecution) {
  const baseURL = `${gateway.baseUrl}/internal/models/anthropic`;
  return new Anthropic({ baseURL, apiKey: null, authToken: modelToken, maxRetries: 0 });
}
