/** Runs the tool calls of one turn, and shows each in the stream. */
import { cutText } from "#shared/core/usable-text";
import type { Item } from "#shared/protocol/item";
import type { LanguageTools } from "../model.ts";
import type { TextPart, ToolCallPart, ToolResultPart } from "./conversation.ts";
import { ImageRoom } from "./image-room.ts";
import { redactedShortened, redactedStart } from "./redacted-text.ts";
import { type Repetition, repetitionWarning } from "./repetition.ts";
import { asData, ToolOutput } from "./tool-output.ts";
import {
  type Tool,
  ToolError,
  type ToolInput,
  type ToolOutcome,
  toolSentence,
} from "./tools/tool.ts";
import { argumentsFault } from "./wires/wire.ts";

export interface CallDeps {
  readonly agentTools: LanguageTools;
  readonly tools: readonly Tool[];
  readonly canSee: boolean;
  readonly repetition: Repetition;
  /** Whether the last call may be incomplete, because the turn was cut at its limit. */
  readonly isCut: boolean;
  /** Called if a call finds that the sandbox has ended, though nobody asked it to. */
  onSandboxEnded(): void;
}

/** These change nothing, so several of them run at once. */
const readers = new Set(["view", "search"]);
/** Each may bring a file of megabytes into memory. */
const readersAtOnce = 4;

/** Runs the calls in their order; readers next to each other run at once. */
export async function runCalls(
  calls: readonly ToolCallPart[],
  deps: CallDeps,
): Promise<ToolResultPart[]> {
  const results: Promise<ToolResultPart>[] = [];
  const images = new ImageRoom();
  let writer: Promise<unknown> = Promise.resolve();
  for (const [index, call] of calls.entries()) {
    const isReader = readers.has(call.name);
    const before = Promise.all([
      writer,
      ...results.slice(0, isReader ? -readersAtOnce + 1 : index),
    ]);
    const isCut = deps.isCut && index === calls.length - 1;
    const result = before.then(() => runCall(call, { ...deps, isCut, images }));
    results.push(result);
    if (!isReader) writer = result;
  }
  return await Promise.all(results);
}

async function runCall(
  call: ToolCallPart,
  { images, ...deps }: CallDeps & { readonly images: ImageRoom },
): Promise<ToolResultPart> {
  const { emit } = deps.agentTools;
  const item = { type: "tool_call", ...shownCall(call, deps.agentTools) } as const;
  emit({ ...item, status: "running" });
  const outcome = await outcomeOf(call, deps);
  const status = outcome.isError ? "failed" : "completed";
  const { summary, fileChanges } = outcome;
  const result = redactedStart(summary, summaryLengthMax, deps.agentTools);
  emit({ ...item, status, result, ...(fileChanges && { fileChanges: [...fileChanges] }) });
  const content = images
    .fit(outcome.content)
    .map((part) => (part.type === "text" ? marked(part, deps.agentTools) : part));
  const count = deps.repetition.add(call, JSON.stringify(content));
  const warning = repetitionWarning(count);
  return {
    type: "tool_result",
    callId: call.id,
    name: call.name,
    content: warning === null ? content : [...content, { type: "text", text: warning }],
    isError: outcome.isError,
  };
}

const summaryLengthMax = 2_000;

function marked({ text }: TextPart, { redact }: LanguageTools): TextPart {
  return { type: "text", text: asData(redact(text)) };
}

async function outcomeOf(call: ToolCallPart, deps: CallDeps): Promise<ToolOutcome> {
  const { agentTools, canSee } = deps;
  const output = new ToolOutput(agentTools, call.id);
  try {
    const tool = findTool(call, deps.tools);
    const input = parseInput(call, deps);
    agentTools.signal.throwIfAborted();
    return await tool.run(input, {
      sandbox: async (...request) => {
        const end = await agentTools.sandbox(...request);
        if (end !== null) return end;
        agentTools.signal.throwIfAborted();
        deps.onSandboxEnded();
        throw new ToolError("The sandbox has ended.");
      },
      emit: (item) => agentTools.emit(item),
      remainingMs: () => agentTools.remainingMs(),
      redact: (text) => agentTools.redact(text),
      onOutput: (bytes) => output.write(bytes),
      output: () => output.end(),
      canSee,
    });
  } catch (error) {
    output.end();
    if (agentTools.signal.aborted) return failed("Stopped.");
    const sentence = toolSentence(error);
    if (sentence !== null) return failed(sentence);
    throw error;
  }
}

function failed(text: string): ToolOutcome {
  return { content: [{ type: "text", text }], isError: true, summary: text };
}

/** @throws {ToolError} If there is no such tool. */
function findTool({ name }: ToolCallPart, tools: readonly Tool[]): Tool {
  const tool = tools.find(({ spec }) => spec.name === name);
  if (tool !== undefined) return tool;
  const names = tools.map(({ spec }) => spec.name).join(", ");
  throw new ToolError(`There is no tool of that name; there are: ${names}.`);
}

/** The longest file that is created, with its escapes; the init would end at a larger frame. */
const argumentsLengthMax = 10 * 1024 * 1024;

/** @throws {ToolError} If the arguments can't be used; it says why. */
function parseInput(call: ToolCallPart, { isCut, agentTools }: CallDeps): ToolInput {
  if (call.arguments.length > argumentsLengthMax) {
    throw new ToolError("The arguments are too long, so nothing was run.");
  }
  const fault = argumentsFault(call.arguments);
  if (fault !== null) throw new ToolError(`The arguments ${fault}, so nothing was run.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(call.arguments);
  } catch {
    if (isCut) {
      throw new ToolError(
        "Your answer reached its limit of tokens in the middle of this call, so nothing was " +
          "run. Make it shorter: write a long file in several pieces.",
      );
    }
    const end = JSON.stringify(
      redactedShortened(call.arguments, agentTools).slice(-60).toWellFormed(),
    );
    throw new ToolError(`The arguments aren't JSON, so nothing was run. They end in ${end}.`);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return Object.fromEntries(Object.entries(parsed));
  }
  throw new ToolError("The arguments aren't a JSON object, so nothing was run.");
}

const shownTextMax = 4_000;
const shownArgumentsMax = 16_000;

/**
 * The call as the stream shows it: JSON of arguments, whose long texts are cut. Secrets are removed
 * before, because what a cut leaves of one isn't recognised.
 */
function shownCall(
  call: ToolCallPart,
  tools: Pick<LanguageTools, "redactor">,
): Pick<Item & { type: "tool_call" }, "id" | "name" | "arguments"> {
  const { id } = call;
  const name = call.name.slice(0, 100).toWellFormed();
  return { id, name, arguments: shownArguments(call.arguments, tools) };
}

/** Arguments may be megabytes, and millions of values: no more of them is looked at than shown. */
function shownArguments(text: string, tools: Pick<LanguageTools, "redactor">): string {
  let room = shownArgumentsMax;
  const shown = (value: unknown) => {
    if (room < 0) return undefined;
    const cut = typeof value === "string" ? shownText(value, tools) : value;
    // A text without a character takes some, too.
    room -= typeof cut === "string" ? cut.length + 2 : 1;
    return cut;
  };
  try {
    const parsed: unknown = argumentsFault(text) === null ? JSON.parse(text) : undefined;
    const cut = JSON.stringify(parsed, (_name, value: unknown) => shown(value));
    if (parsed !== undefined && room >= 0 && cut.length <= shownArgumentsMax) return cut;
  } catch {
    // Shown as it came.
  }
  return JSON.stringify({ malformed: redactedStart(text, shownTextMax, tools) });
}

function shownText(text: string, tools: Pick<LanguageTools, "redactor">): string {
  const start = redactedStart(text, shownTextMax + 1, tools);
  return start.length > shownTextMax ? `${cutText(start, shownTextMax)}…` : start;
}
