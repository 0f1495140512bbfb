/** Maps each model to its implementation. */
import type { ModelEntry } from "#shared/protocol/language-model";
import type { AgentModel, LanguageModel } from "./model.ts";
import { shellModel } from "./shell.ts";

const models = new Map<string, AgentModel>([["shell", shellModel]]);

export function findModel(name: string): AgentModel | undefined {
  return models.get(name);
}

/**
 * Loads the loop that all language models share. It is bundled as a file of its own, which
 * executions of `shell` never read.
 */
export async function loadLanguageModel(entry: ModelEntry): Promise<LanguageModel> {
  const { languageModel } = await import("./language/language-model.ts");
  return languageModel(entry.wire);
}
