/** Keeps the plan of a longer task, and shows it in the stream. */
import {
  ok,
  shortened,
  type Tool,
  type ToolContext,
  ToolError,
  type ToolInput,
  type ToolOutcome,
} from "./tool.ts";

const stepsMax = 50;
const stepLengthMax = 500;
const marks = new Map([
  ["pending", "[ ]"],
  ["active", "[>]"],
  ["done", "[x]"],
]);

export const plan: Tool = {
  spec: {
    name: "plan",
    description:
      "Writes down the steps of a task of several steps, and later which of them are done. Each " +
      "call replaces the whole plan.",
    parameters: {
      type: "object",
      properties: {
        steps: {
          type: "array",
          items: {
            type: "object",
            properties: {
              text: { type: "string" },
              status: { type: "string", enum: [...marks.keys()] },
            },
            required: ["text", "status"],
          },
        },
      },
      required: ["steps"],
    },
  },
  async run(input, { emit, redact }): Promise<ToolOutcome> {
    const text = stepsOf(input, redact).join("\n");
    emit({ type: "planning", content: { text } });
    const isCut = Array.isArray(input.steps) && input.steps.length > stepsMax;
    return ok(isCut ? `Only the first ${stepsMax} steps are noted.` : "Noted.", "noted");
  },
};

/** What is left of a secret that was cut isn't recognised, once another step follows it. */
function stepsOf({ steps }: ToolInput, redact: ToolContext["redact"]): string[] {
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new ToolError("The argument `steps` isn't a list with entries.");
  }
  return steps.slice(0, stepsMax).map((step: unknown) => {
    const { text, status } = Object(step);
    const said = typeof text === "string" ? text : typeof step === "string" ? step : "";
    if (said === "") throw new ToolError("Each step needs a `text`.");
    const line = shortened(redact(said).replaceAll(/\s+/g, " "), stepLengthMax);
    return `${marks.get(String(status)) ?? "[ ]"} ${line}`;
  });
}
