import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
import type { CommandOptions } from "../command-options.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { confirm } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";
import { findEnvironment } from "./environment-names.ts";
import { limitOf } from "./limit.ts";

const Key = z.looseObject({
  id: z.string(),
  keyPrefix: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  scopes: z.array(z.string()),
  lastUsedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
});
const Shown = z.looseObject({ id: z.string(), key: z.string(), warning: z.string() });
const Rotated = Shown.extend({ oldKeyExpiresAt: z.string() });
const Closed = z.looseObject({ message: z.string(), executionIds: z.array(z.string()) });

export async function listKeys(context: Context): Promise<undefined> {
  const { options, output } = context;
  const client = await context.client();
  const query = { includeInactive: options.flag("all") };
  const task = client.list("/keys", Key, { ...limitOf(context), query });
  const found = await withProgress("Waiting", task);
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((key) => [
    key.id,
    `${key.keyPrefix}…`,
    key.isActive ? "active" : "ended",
    key.lastUsedAt ?? "never used",
    key.expiresAt ?? "never",
    key.scopes.join(" "),
    key.name,
  ]);
  await output.table(["ID", "KEY", "STATE", "LAST USED", "EXPIRES", "SCOPES", "NAME"], rows);
}

export async function createKey(context: Context): Promise<undefined> {
  const client = await context.client();
  const body = await boundsFrom(client, context.options);
  const call = client.call("/keys", Shown, { body: { name: context.arg(0), ...body } });
  await printKey(context, await withProgress("Creating a key", call));
}

/** What is left out is left to the API, which copies the bound of the key that asks. */
async function boundsFrom(client: ApiClient, options: CommandOptions) {
  const named = options.texts("env");
  const bounds = {
    scopes: options.texts("scope"),
    environmentIds: named
      ? await Promise.all(named.map((name) => findEnvironment(client, name)))
      : undefined,
    addressRanges: options.texts("address"),
    expiresIn: options.number("expires"),
    maxCostPerExecution: options.number("maxCost"),
    maxCostPerDay: options.number("maxCostDay"),
  };
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
}

export async function revokeKeys(context: Context): Promise<ExitCode> {
  const { options, output } = context;
  const client = await context.client();
  await confirm(`Revoke ${context.args.join(", ")}?`, options.flag("yes"));
  const body = { keepExecutions: options.flag("keepExecutions") };
  return await eachNamed(context, "wasn't revoked", async (id) => {
    const call = client.call(`/keys/${encodeURIComponent(id)}/revoke`, Closed, { body });
    const { message, executionIds } = await withProgress("Revoking", call);
    output.done(`${id}: ${message}`);
    for (const execution of executionIds) output.note(`  it had ${execution} running`);
  });
}

export async function rotateKey(context: Context): Promise<undefined> {
  const { options, output } = context;
  const client = await context.client();
  const grace = options.number("grace");
  const id = context.arg(0);
  if (grace === 0) await confirm(`End ${id} at once?`, options.flag("yes"));
  const body = grace === undefined ? {} : { gracePeriodHours: grace };
  const call = client.call(`/keys/${encodeURIComponent(id)}/rotate`, Rotated, { body });
  const rotated = await withProgress("Rotating", call);
  await printKey(context, rotated);
  output.note(`The old key ends at ${rotated.oldKeyExpiresAt}.`);
}

async function printKey({ output }: Context, shown: z.infer<typeof Shown>): Promise<void> {
  if (output.isJson) return await output.json(shown);
  await output.line(shown.key);
  output.warning(`${shown.id}. ${shown.warning}`);
}
