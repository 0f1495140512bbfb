/** Runs of orchestrations: started, listed, and followed by asking for them every few seconds. */
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { type ApiClient, mayPass } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode, exits } from "../exits.ts";
import type { Output } from "../output.ts";
import { withProgress } from "../progress.ts";
import { jsonObjectFrom, pairsFrom, withoutUndefined } from "./given-text.ts";
import { limitOf } from "./limit.ts";
import { pathOfNamed } from "./named.ts";
import { orchestrationKind } from "./orchestrations.ts";

const pauseMs = 2_000;
/** How often in a row nothing may answer, or nothing that helps. */
const vainAttemptsMax = 5;

const Step = z.looseObject({
  stepId: z.string(),
  stepName: z.string(),
  itemIndex: z.number().nullable(),
  status: z.string(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  durationMs: z.number().nullable(),
});
type Step = z.infer<typeof Step>;
const Run = z.looseObject({
  id: z.string(),
  status: z.string(),
  stepResults: z.array(Step),
  error: z.string().nullable(),
  cost: z.number(),
  createdAt: z.string(),
});
type Run = z.infer<typeof Run>;
const Answer = z.object({ run: Run });

export async function run(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const { options, output } = context;
  const inputs = await inputsFrom(context);
  const body = withoutUndefined({ inputs, maxCost: options.number("maxCost") });
  const path = await pathOfNamed(client, orchestrationKind, context.arg(0));
  const call = client.call(`${path}/runs`, Answer, { body });
  const { run: started } = await withProgress("Starting", call);
  const runPath = `${path}/runs/${encodeURIComponent(started.id)}`;
  if (options.flag("follow")) {
    output.note(`It is ${started.id}.`);
    return await follow(context, client, runPath);
  }
  if (output.isJson) await output.json(started);
  else {
    await output.line(started.id);
    output.done(`It runs now; paddock orchestrations watch ${context.arg(0)} ${started.id}`);
  }
  return exits.ok;
}

async function inputsFrom({ options }: Context): Promise<Record<string, unknown> | undefined> {
  const file = options.text("inputs");
  const pairs = pairsFrom("input", options.texts("input"));
  if (file === undefined) return pairs;
  if (pairs) throw new CommandError("Give --input or --inputs, not both.");
  return await jsonObjectFrom(file);
}

export async function watch(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const path = await pathOfNamed(client, orchestrationKind, context.arg(0));
  return await follow(context, client, `${path}/runs/${encodeURIComponent(context.arg(1))}`);
}

/**
 * Prints what each step has answered once it has ended, as JSON one object per line, and at last
 * the run. An interrupt ends the command only: the run goes on.
 */
async function follow(context: Context, client: ApiClient, path: string): Promise<ExitCode> {
  const { output, signal } = context;
  const printed = new Set<string>();
  let [said, vain] = ["Waiting for the first step", 0];
  const untilEnded = async (): Promise<Run> => {
    for (;;) {
      const run = await readRun(client, path, signal, vain);
      vain = run === null ? vain + 1 : 0;
      if (run !== null) {
        const ended = run.stepResults.filter(({ status }) => !/^(pending|running)$/.test(status));
        for (const step of ended.filter((one) => !printed.has(placeOf(one)))) {
          printed.add(placeOf(step));
          await printStep(output, step);
        }
        if (!/^(pending|running)$/.test(run.status)) return run;
        const running = run.stepResults.filter(({ status }) => status === "running").map(nameOf);
        said = running.length === 0 ? "Waiting for a step" : `Running ${running.join(", ")}`;
      }
      await wait(pauseMs, undefined, { signal });
    }
  };
  const { status, error, cost, ...run } = await withProgress(() => said, untilEnded());
  if (output.isJson) await output.json({ ...run, status, error, cost });
  const paid = `$${cost.toFixed(6)}`;
  if (status === "completed") output.done(`It has completed and cost ${paid}.`);
  else output.failure(`It has ${status} and cost ${paid}. ${error ?? ""}`.trimEnd());
  return status === "completed" ? exits.ok : exits.failed;
}

/** @returns Null if nothing answered, or with a refusal that may pass. */
export async function readRun(
  client: Pick<ApiClient, "call">,
  path: string,
  signal: AbortSignal,
  vain: number,
): Promise<Run | null> {
  try {
    return (await client.call(path, Answer, { signal })).run;
  } catch (error) {
    if (mayPass(error) && vain < vainAttemptsMax && !signal.aborted) return null;
    throw error;
  }
}

/** Steps may have the same name. */
function placeOf({ stepId, itemIndex }: Step): string {
  return `${stepId} ${itemIndex}`;
}

function nameOf({ stepName, itemIndex }: Step): string {
  return itemIndex === null ? stepName : `${stepName} ${itemIndex + 1}`;
}

async function printStep(output: Output, step: Step): Promise<void> {
  if (output.isJson) return await output.json(step);
  const seconds = step.durationMs === null ? "" : ` in ${(step.durationMs / 1_000).toFixed(1)} s`;
  output.note(`── ${nameOf(step)}: ${step.status}${seconds}`);
  if (step.error !== null) output.note(step.error);
  if (step.output !== null && step.output !== "") {
    await output.line(step.output.replace(/\n$/, ""));
  }
}

export async function listRuns(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, orchestrationKind, context.arg(0));
  const found = await client.list(`${path}/runs`, Run, limitOf(context));
  if (output.isJson) return void (await output.json(found));
  const rows = found.map(({ id, status, cost, createdAt, error }) => {
    return [id, status, `$${cost.toFixed(6)}`, createdAt, error ?? ""];
  });
  await output.table(["ID", "STATUS", "COST", "BEGAN", "WHY"], rows);
}
