import * as z from "zod";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { confirm, readHidden } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";
import { findEnvironment } from "./environment-names.ts";

const Written = z.object({
  message: z.string(),
  warnings: z.array(z.string()).default([]),
});
const Listed = z.object({
  data: z.array(z.looseObject({ key: z.string(), hosts: z.array(z.string()).default([]) })),
});

/** The value comes from stdin or a prompt: arguments are seen by others, and kept in histories. */
export async function setSecret(context: Context): Promise<undefined> {
  if (context.args.length > 1) {
    throw new CommandError(
      "A value is never taken from an argument, where others see it: send it on stdin.",
    );
  }
  const { options } = context;
  const client = await context.client();
  const name = context.arg(0);
  const value = await readHidden(`Value of ${name}`);
  if (value === "") throw new CommandError("There is no value on stdin.");
  const [hosts, headers] = [options.texts("host"), options.texts("header")];
  const body = { value, ...(hosts ? { hosts } : {}), ...(headers ? { headers } : {}) };
  const environment = await findEnvironment(client, options.text("env"));
  const path = `/environments/${environment}/secrets/${encodeURIComponent(name)}`;
  const call = client.call(path, Written, { method: "PUT", body });
  const { message, warnings } = await withProgress("Sealing", call);
  context.output.done(message);
  for (const warning of warnings) context.output.warning(warning);
}

export async function listSecrets(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const environment = await findEnvironment(client, options.text("env"));
  const { data } = await client.call(`/environments/${environment}/secrets`, Listed);
  if (output.isJson) return void (await output.json(data));
  await output.table(
    ["NAME", "HOSTS"],
    data.map(({ key, hosts }) => [key, hosts.join(" ")]),
  );
}

export async function removeSecrets(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const { options, output } = context;
  const environment = await findEnvironment(client, options.text("env"));
  await confirm(`Delete ${context.args.join(", ")}?`, options.flag("yes"));
  return await eachNamed(context, "wasn't deleted", async (name) => {
    const path = `/environments/${environment}/secrets/${encodeURIComponent(name)}`;
    await client.send(path, { method: "DELETE" });
    output.done(`Deleted ${name}.`);
  });
}
