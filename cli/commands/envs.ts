import * as z from "zod";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode } from "../exits.ts";
import { confirm } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";
import { Environment, findEnvironment, listEnvironmentsOf } from "./environment-names.ts";
import { limitOf } from "./limit.ts";

const Answer = z.object({ environment: Environment });
const Network = z.looseObject({ mode: z.string() });
const Secrets = z.array(z.looseObject({ key: z.string() }));
const portDefault = 443;

export async function listEnvironments(context: Context): Promise<undefined> {
  const { output } = context;
  const found = await listEnvironmentsOf(await context.client(), limitOf(context));
  if (output.isJson) return void (await output.json(found));
  const rows = found.map(({ id, name, isDefault, status, computeProfile }) => [
    id,
    name,
    isDefault ? "default" : "",
    computeProfile,
    status,
  ]);
  await output.table(["ID", "NAME", "", "SIZE", "STATUS"], rows);
}

export async function createEnvironment(context: Context): Promise<undefined> {
  const { options, output } = context;
  const allowed = options.texts("allow");
  const isOpen = options.flag("internet");
  if (allowed && isOpen) throw new CommandError("Give --internet or --allow, not both.");
  const size = options.text("size");
  const body = {
    name: context.arg(0),
    isDefault: options.flag("default"),
    ...(size === undefined ? {} : { computeProfile: size }),
    ...(isOpen ? { network: { mode: "internet" } } : {}),
    ...(allowed ? { network: { mode: "allowlist", allow: allowed.map(hostFrom) } } : {}),
  };
  const client = await context.client();
  const { environment } = await client.call("/environments", Answer, { body });
  if (output.isJson) return void (await output.json(environment));
  await output.line(environment.id);
  output.done(`Created ${environment.name}.`);
}

function hostFrom(text: string): { host: string; ports: number[] } {
  const [, host, port] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined) throw new CommandError(`--allow takes HOST or HOST:PORT, not "${text}".`);
  return { host, ports: [port === undefined ? portDefault : Number(port)] };
}

export async function getEnvironment(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const id = await findEnvironment(client, context.arg(0));
  const { environment } = await client.call(`/environments/${id}`, Answer);
  if (output.isJson) return void (await output.json(environment));
  const network = Network.safeParse(environment.network);
  const secrets = Secrets.safeParse(environment.secrets);
  await output.fields({
    id: environment.id,
    name: environment.name,
    default: environment.isDefault ? "yes" : "no",
    size: environment.computeProfile,
    status: environment.status,
    network: network.success ? network.data.mode : "",
    secrets: secrets.success ? secrets.data.map(({ key }) => key).join(" ") : "",
    created: environment.createdAt,
  });
}

export async function removeEnvironments(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const question = `Delete ${context.args.join(", ")} for good, with files and secrets?`;
  // Names are resolved before anything is deleted, so a wrong one deletes nothing.
  const ids = await Promise.all(context.args.map((name) => findEnvironment(client, name)));
  await confirm(question, context.options.flag("yes"));
  return await eachNamed(context, "wasn't deleted", async (name, index) => {
    await client.send(`/environments/${ids[index]}`, { method: "DELETE" });
    context.output.done(`Deleted ${name}.`);
  });
}
