import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { confirm } from "../prompts.ts";
import { findEnvironment } from "./environment-names.ts";
import {
  changesFrom,
  jsonObjectFrom,
  pairsFrom,
  textOrStdin,
  withoutUndefined,
} from "./given-text.ts";
import { limitOf } from "./limit.ts";
import { type Kind, pathOfNamed, pauseEach, removeEach, resumeEach } from "./named.ts";
import { stateOf } from "./schedules.ts";

const kind: Kind = {
  path: "/triggers",
  one: "trigger",
  many: "triggers",
  id: /^trig_[\w-]{21}$/,
};
const Action = z.looseObject({
  prompt: z.string().nullish(),
  message: z.string().nullish(),
  template: z.string().nullish(),
});
const Trigger = z.looseObject({
  id: z.string(),
  name: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  source: z.string(),
  event: z.string(),
  filters: z.record(z.string(), z.unknown()).nullable(),
  action: Action,
  enabled: z.boolean(),
  pausedReason: z.string().nullable(),
  webhookSecret: z.string(),
  /** A path, to be put after the deployment's address. */
  webhookUrl: z.string(),
  lastTriggeredAt: z.string().nullable(),
});
type Trigger = z.infer<typeof Trigger>;
const Answer = z.object({ trigger: Trigger });
const Delivery = z.looseObject({
  status: z.string(),
  isTest: z.boolean(),
  runId: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: z.string(),
});
const Tested = z.object({ execution: Delivery.extend({ runId: z.string() }) });

export async function listTriggers(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const named = options.text("env");
  const environmentId = named === undefined ? undefined : await findEnvironment(client, named);
  const query = { environmentId };
  const found = await client.list(kind.path, Trigger, { ...limitOf(context), query });
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((trigger) => [
    trigger.id,
    stateOf(trigger),
    trigger.source,
    trigger.event,
    trigger.lastTriggeredAt ?? "never",
    trigger.name,
  ]);
  await output.table(["ID", "STATE", "SOURCE", "EVENT", "LAST EVENT", "NAME"], rows);
}

export async function getTrigger(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { trigger } = await client.call(path, Answer);
  if (output.isJson) return void (await output.json(trigger));
  await output.fields({
    id: trigger.id,
    name: trigger.name,
    state: stateOf(trigger),
    source: trigger.source,
    event: trigger.event,
    filters: trigger.filters === null ? "" : JSON.stringify(trigger.filters),
    address: addressOf(client, trigger),
    environment: trigger.environmentId,
    agent: trigger.agentId ?? "",
    "last event": trigger.lastTriggeredAt ?? "never",
  });
  const { prompt, message, template } = trigger.action;
  await output.line(`\n${(prompt ?? message ?? template ?? "").replace(/\n$/, "")}`);
}

export async function createTrigger(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options } = context;
  const prompt = await textOrStdin(context.arg(1));
  const body = withoutUndefined({
    name: context.arg(0),
    environmentId: await findEnvironment(client, options.text("env")),
    source: options.text("source") ?? "webhook",
    event: options.text("event") ?? "*",
    action: { type: "send_message", prompt },
    agentId: options.text("agent"),
    filters: pairsFrom("filter", options.texts("filter")),
    enabled: options.flag("paused") ? false : undefined,
  });
  const { trigger } = await client.call(kind.path, Answer, { body });
  await printSecret(context, client, trigger);
}

/** Address and secret go to stdout alone, where a script takes them. */
async function printSecret(
  { output }: Context,
  client: ApiClient,
  trigger: Trigger,
): Promise<void> {
  const webhookUrl = addressOf(client, trigger);
  if (output.isJson) return await output.json({ ...trigger, webhookUrl });
  await output.fields({ id: trigger.id, address: webhookUrl, secret: trigger.webhookSecret });
  output.warning(`${trigger.name}: the secret isn't shown again; put it where the sender signs.`);
}

function addressOf(client: ApiClient, { webhookUrl }: Trigger): string {
  return new URL(webhookUrl, client.apiUrl).href;
}

export async function editTrigger(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const given = options.text("prompt");
  const prompt = given === undefined ? undefined : await textOrStdin(given);
  const body = changesFrom({
    name: options.text("name"),
    event: options.text("event"),
    action: prompt === undefined ? undefined : { type: "send_message", prompt },
    agentId: options.text("agent"),
    filters: pairsFrom("filter", options.texts("filter")),
  });
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { trigger } = await client.call(path, Answer, { method: "PATCH", body });
  if (output.isJson) return void (await output.json(trigger));
  output.done(`Changed ${trigger.name}.`);
}

export async function testTrigger(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const file = options.text("payload");
  const body = file === undefined ? {} : { payload: await jsonObjectFrom(file) };
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { execution } = await client.call(`${path}/test`, Tested, { body });
  if (output.isJson) return void (await output.json(execution));
  await output.line(execution.runId);
  output.done(`It runs now; paddock logs -f ${execution.runId} follows it.`);
}

export async function listTriggerRuns(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const found = await client.list(`${path}/executions`, Delivery, limitOf(context));
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((delivery) => [
    delivery.runId ?? "",
    delivery.status,
    delivery.isTest ? "test" : "webhook",
    delivery.createdAt,
    delivery.error ?? "",
  ]);
  await output.table(["EXECUTION", "STATUS", "CAUSE", "CAME", "WHY"], rows);
}

export async function rotateSecret(context: Context): Promise<undefined> {
  const client = await context.client();
  const name = context.arg(0);
  const path = await pathOfNamed(client, kind, name);
  const question = `End the address and the secret of ${name} at once?`;
  await confirm(question, context.options.flag("yes"));
  const call = client.call(`${path}/rotate-secret`, Answer, { method: "POST" });
  await printSecret(context, client, (await withProgress("Rotating", call)).trigger);
}

export async function pauseTriggers(context: Context): Promise<ExitCode> {
  return await pauseEach(context, kind);
}

export async function resumeTriggers(context: Context): Promise<ExitCode> {
  return await resumeEach(context, kind);
}

export async function removeTriggers(context: Context): Promise<ExitCode> {
  return await removeEach(context, kind, " and what it was sent");
}
