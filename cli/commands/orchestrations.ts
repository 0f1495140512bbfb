import * as z from "zod";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exits.ts";
import { findEnvironment } from "./environment-names.ts";
import { changesFrom, jsonObjectFrom } from "./given-text.ts";
import { limitOf } from "./limit.ts";
import { changeEach, type Kind, pathOfNamed, removeEach } from "./named.ts";

export const orchestrationKind: Kind = {
  path: "/orchestrations",
  one: "orchestration",
  many: "orchestrations",
  id: /^orch_[\w-]{21}$/,
};
const kind = orchestrationKind;
const Step = z.looseObject({
  name: z.string(),
  agentId: z.string(),
  dependsOn: z.array(z.string()),
  condition: z.string().nullable(),
});
const Orchestration = z.looseObject({
  id: z.string(),
  name: z.string(),
  environmentId: z.string(),
  strategy: z.string(),
  steps: z.array(Step),
  status: z.string(),
  updatedAt: z.string(),
});
const Answer = z.object({
  orchestration: Orchestration,
  warnings: z.array(z.string()).default([]),
});

export async function list(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const named = options.text("env");
  const environmentId = named === undefined ? undefined : await findEnvironment(client, named);
  const query = { environmentId };
  const found = await client.list(kind.path, Orchestration, { ...limitOf(context), query });
  if (output.isJson) return void (await output.json(found));
  const rows = found.map(({ id, status, strategy, steps, updatedAt, name }) => {
    return [id, status, strategy, String(steps.length), updatedAt, name];
  });
  await output.table(["ID", "STATUS", "STRATEGY", "STEPS", "CHANGED", "NAME"], rows);
}

export async function get(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { orchestration } = await client.call(path, Answer);
  if (output.isJson) return void (await output.json(orchestration));
  const { id, name, status, strategy, environmentId, steps } = orchestration;
  await output.fields({ id, name, status, strategy, environment: environmentId });
  await output.line("");
  const rows = steps.map((step) => [
    step.name,
    step.agentId,
    step.dependsOn.join(" "),
    step.condition ?? "",
  ]);
  await output.table(["STEP", "AGENT", "AFTER", "CONDITION"], rows);
}

/** The file is what the API takes. Its environment is `--env`, or else the default one. */
export async function create(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const given = await jsonObjectFrom(context.arg(0));
  const named = options.text("env");
  const isNamed = named === undefined && given.environmentId !== undefined;
  const environmentId = isNamed ? given.environmentId : await findEnvironment(client, named);
  const body = { ...given, environmentId };
  const { orchestration, warnings } = await client.call(kind.path, Answer, { body });
  for (const warning of warnings) output.warning(warning);
  if (output.isJson) return void (await output.json(orchestration));
  await output.line(orchestration.id);
  output.done(`Created ${orchestration.name}.`);
}

export async function edit(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const body = changesFrom(await jsonObjectFrom(context.arg(1)));
  const path = await pathOfNamed(client, kind, context.arg(0));
  const changed = await client.call(path, Answer, { method: "PATCH", body });
  for (const warning of changed.warnings) output.warning(warning);
  if (output.isJson) return void (await output.json(changed.orchestration));
  output.done(`Changed ${changed.orchestration.name}.`);
}

const change = (path: string) => ({ path, method: "PATCH" });

export async function archive(context: Context): Promise<ExitCode> {
  return await changeEach(context, kind, {
    done: "Archived",
    undone: "wasn't archived",
    change,
    body: { status: "archived" },
  });
}

export async function unarchive(context: Context): Promise<ExitCode> {
  return await changeEach(context, kind, {
    done: "Unarchived",
    undone: "wasn't unarchived",
    change,
    body: { status: "active" },
  });
}

export async function remove(context: Context): Promise<ExitCode> {
  return await removeEach(context, kind, " with its runs, and stop those that go on");
}
