import * as z from "zod";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode } from "../exits.ts";
import { confirm } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";
import { findEnvironment } from "./environment-names.ts";
import { encodedPath, remotePlaceFrom } from "./places.ts";

const Entry = z.looseObject({
  path: z.string(),
  type: z.string(),
  size: z.number(),
  modifiedAt: z.string(),
});
const filesMax = 100_000;

export async function listFiles(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const { environment, path } = remotePlaceFrom(context.arg(0));
  const id = await findEnvironment(client, environment);
  const depth = options.flag("recursive") ? -1 : 1;
  const found = await client.list(`/environments/${id}/files`, Entry, {
    max: filesMax,
    whenMore: () => output.note(`These are the first ${filesMax}: name a folder.`),
    query: { path, depth },
  });
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((entry) => [
    entry.type === "directory" ? "" : String(entry.size),
    entry.modifiedAt,
    entry.type === "directory" ? `${entry.path.replace(/\/$/, "")}/` : entry.path,
  ]);
  await output.table(["SIZE", "CHANGED", "PATH"], rows);
}

export async function removeFiles(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const places = context.args.map(remotePlaceFrom);
  if (places.some(({ path }) => path === "")) throw new CommandError("Name a file or a folder.");
  // All of them first: nothing is deleted if a later name is wrong.
  const ids = await Promise.all(
    places.map(async ({ environment }) => await findEnvironment(client, environment)),
  );
  const paths = places.map(
    ({ path }, index) => `/environments/${ids[index]}/files/${encodedPath(path)}`,
  );
  await confirm(`Delete ${context.args.join(", ")}?`, context.options.flag("yes"));
  return await eachNamed(context, "wasn't deleted", async (name, index) => {
    await client.send(paths[index] ?? "", { method: "DELETE" });
    context.output.done(`Deleted ${name}.`);
  });
}
