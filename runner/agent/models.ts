/** Maps each model's name to its implementation. */
import type { AgentModel } from "./model.ts";
import { shellModel } from "./shell.ts";

const models = new Map<string, AgentModel>([["shell", shellModel]]);

export function findModel(name: string): AgentModel | undefined {
  return models.get(name);
}
