/** Gives a claimed task's model its tools, and lets it run. */
import { join } from "node:path";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor, redact } from "#shared/core/redaction/redaction";
import type { Item } from "#shared/protocol/item";
import type { Conversation } from "#shared/protocol/language-model";
import type { ClaimReply } from "#shared/protocol/runner";
import type { RunnerSkill } from "#shared/protocol/skill";
import {
  type AgentTools,
  type LanguageEnd,
  type LanguageTools,
  type ScriptEnd,
  type SkillPlace,
  sandboxKilled,
} from "../agent/model.ts";
import { findModel, loadLanguageModel } from "../agent/models.ts";
import type { Reach } from "../egress/reach.ts";
import { inside, skillsFolder } from "../sandbox/bubblewrap-arguments.ts";
import type { RefusedAttempt } from "./init-connection.ts";
import type { Output } from "./output.ts";
import type { SandboxSession } from "./sandbox-session.ts";
import { skillFolders } from "./skill-folders.ts";
import type { Stop } from "./stop.ts";

export interface ModelParts {
  readonly claimed: ClaimReply;
  readonly session: SandboxSession;
  readonly output: Output;
  readonly stop: Stop;
  readonly redaction: RedactionPlan;
  readonly modelGatewayUrl: string;
  /** When the execution must have ended, by `performance.now()`. */
  readonly deadlineMs: number;
  emit(item: Item): void;
  note(text: string): void;
  onRefused(attempt: RefusedAttempt): void;
  readonly reach: Reach;
}

const nothingToRead: Conversation = {
  history: [],
  isHistoryCut: false,
  documentation: [],
  reasoningEffort: null,
};

export async function runModel(parts: ModelParts): Promise<LanguageEnd> {
  const { task, setupScripts, models } = parts.claimed;
  const model = findModel(task.model);
  if (model !== undefined) return await model.run({ ...task, setupScripts }, toolsOf(parts));
  if (models === null) {
    // It was offered when the execution began, and isn't any more.
    const why = `This deployment doesn't offer the model ${task.model} any more.`;
    return { exitCode: null, unfinished: "model_failed", why };
  }
  return await runLanguageModel(parts, models);
}

async function runLanguageModel(
  parts: ModelParts,
  { token, catalogueEntry: entry }: NonNullable<ClaimReply["models"]>,
): Promise<LanguageEnd> {
  const { claimed, session, output, redaction } = parts;
  const { task, setupScripts, executionId, attempt, network } = claimed;
  const model = await loadLanguageModel(entry);
  session.reportRefused((refused) => parts.onRefused(refused));
  if (network.mode === "internet" && claimed.secrets.length > 0) warn(output);
  let answer = "";
  const tools = languageTools(parts, (text) => {
    answer = text;
  });
  try {
    return await model.run(
      {
        ...{ ...task, setupScripts, executionId, attempt, entry, token },
        ...(claimed.conversation ?? nothingToRead),
        gatewayUrl: parts.modelGatewayUrl,
        hasNetwork: network.mode !== "none",
        mcpServers: claimed.mcpServers,
        skills: placesOf(claimed.skills.skills),
        missingSkills: claimed.skills.missing,
      },
      tools,
    );
  } finally {
    // Also if the run was stopped or failed: what the model said last is the partial result.
    if (answer !== "") output.addToAnswer(`${redact(redaction, answer).trimEnd()}\n`);
  }
}

function placesOf(skills: readonly RunnerSkill[]): SkillPlace[] {
  return skillFolders(skills).map(({ skill: { name, description }, folder }) => {
    return { name, description, path: join(inside.runtime, skillsFolder, folder, "SKILL.md") };
  });
}

/** Shown in the stream, and no part of the answer. */
function warn(output: Output): void {
  const sink = output.open("progress");
  const risk = "what it reads could make it send them anywhere. Bind them to hosts.";
  sink.write(Buffer.from(`[Warning: the agent has the internet and unbound secrets; ${risk}]\n`));
  sink.end();
}

function toolsOf({ stop, output, session, ...parts }: ModelParts): AgentTools {
  return {
    emit: (item) => parts.emit(item),
    note: (text) => parts.note(text),
    runScript: async (script, part): Promise<ScriptEnd> => {
      if (stop.reason !== null) return { exitCode: null };
      const sink = output.open(part);
      const exitCode = await session.run(script, {
        onOutput: (bytes) => sink.write(bytes),
        onRefused: (attempt) => parts.onRefused(attempt),
      });
      sink.end();
      return exitCode === null ? { exitCode, why: sandboxKilled } : { exitCode };
    },
  };
}

/** Pieces of an answer may divide a character, whose halves have no bytes of their own. */
function speakTo(sink: ReturnType<Output["open"]>): ReturnType<LanguageTools["speak"]> {
  let half = "";
  return {
    write(piece) {
      const text = half + piece;
      const last = text.charCodeAt(text.length - 1);
      half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : "";
      sink.write(Buffer.from(text.slice(0, text.length - half.length)));
    },
    end: () => sink.end(),
  };
}

function languageTools(parts: ModelParts, answer: (text: string) => void): LanguageTools {
  const { stop, output, session, redaction, deadlineMs } = parts;
  const stopping = new AbortController();
  void stop.requested.then(() => stopping.abort());
  return {
    ...toolsOf(parts),
    answer,
    signal: stopping.signal,
    remainingMs: () => Math.max(0, deadlineMs - performance.now()),
    redact: (text) => redact(redaction, text),
    redactor: () => new Redactor(redaction),
    speak: () => speakTo(output.open("progress")),
    sandbox: async (call, onOutput, outputBytesMax) =>
      stopping.signal.aborted ? null : await session.call(call, { onOutput, outputBytesMax }),
    serve: (call, onOutput) =>
      stopping.signal.aborted
        ? null
        : session.serve(call, { onOutput, outputBytesMax: call.outputBytesMax }),
    reach: parts.reach,
  };
}
