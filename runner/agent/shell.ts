/**
 * The `shell` model: the message is a script and its output is the answer. No language model is
 * called, so it costs no tokens.
 */
import type { AgentModel, AgentTask, AgentTools, ScriptEnd } from "./model.ts";
import { runAsCall, runSetupScripts } from "./setup-scripts.ts";

export const shellModel: AgentModel = {
  async run(task: AgentTask, tools: AgentTools): Promise<ScriptEnd> {
    const failed = await runSetupScripts(task.setupScripts, tools);
    return failed ?? runAsCall(tools, { id: "shell_1", script: task.content, part: "answer" });
  },
};
