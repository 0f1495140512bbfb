/** One local cloud for the whole run, whose one provider of models plays what tasks say. */
import type { TestProject } from "vitest/node";
import { startProviders } from "../../local/providers/server.ts";
import { provideCloud } from "./provide-cloud.ts";
import { turnOfTask } from "./scripted-task.ts";

const key = "local-provider-key";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const providers = await startProviders({ script: turnOfTask, keys: [key] });
  const stop = await provideCloud(project, {
    models: { providers: { anthropic: { baseUrl: providers.url } } },
    providerKeys: { anthropic: key },
  });
  return async () => {
    await stop();
    await providers.close();
  };
}
