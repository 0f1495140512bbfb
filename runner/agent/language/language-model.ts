/**
 * The language models: all share one loop and its tools, and differ in how they are spoken to. This
 * is bundled as a file of its own, which the supervisor loads when an execution needs it.
 */
import type { LanguageModel } from "../model.ts";
import { runSetupScripts } from "../setup-scripts.ts";
import { AgentLoop } from "./agent-loop.ts";
import { loopLimits } from "./limits.ts";
import { mcpSection, mcpToolsOf } from "./mcp/mcp-tools.ts";
import { callTimes } from "./model-call.ts";
import { skillsSection, tellMissing } from "./skills.ts";
import { agentTools } from "./tools/tools.ts";
import { gatewayPath, type WireName, wires } from "./wires/wires.ts";

export function languageModel(wireName: WireName): LanguageModel {
  return {
    async run(task, tools) {
      const failed = await runSetupScripts(task.setupScripts, tools);
      if (failed !== null) return failed;
      const model = task.entry.id;
      tellMissing(task, tools);
      const mcp = await mcpToolsOf(task, tools);
      const loop = new AgentLoop(task, tools, {
        wire: wires[wireName],
        url: task.gatewayUrl.replace(/(?<!\/)\/+$/, "") + gatewayPath(model, wireName),
        model,
        tools: [...agentTools, ...mcp.tools],
        limits: loopLimits,
        times: callTimes,
        sections: [skillsSection(task), mcpSection(mcp)].filter((section) => section !== null),
      });
      return await loop.run().finally(() => mcp.close());
    },
  };
}
