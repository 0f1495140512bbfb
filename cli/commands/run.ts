import * as z from "zod";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { readStdin } from "../prompts.ts";
import { findEnvironment } from "./environment-names.ts";
import { execute } from "./execution.ts";
import { scriptFrom } from "./script.ts";

const Created = z.object({ thread: z.object({ id: z.string() }) });
const titleCharactersMax = 80;

export async function run(context: Context): Promise<ExitCode> {
  const given = context.arg(0);
  const content = given === "-" ? await readStdin() : given;
  if (content.trim() === "") throw new CommandError("There is no message.");
  const model = context.options.text("model");
  const threadId = await threadFor(context, content);
  return await execute(context, { threadId, content, ...(model === undefined ? {} : { model }) });
}

export async function exec(context: Context): Promise<ExitCode> {
  const content = scriptFrom(context.args);
  const threadId = await threadFor(context, content);
  return await execute(context, { threadId, content, model: "shell" });
}

/** The thread that `--thread` names, or else a new one. */
export async function threadFor(
  context: Pick<Context, "options" | "client">,
  content: string,
): Promise<string> {
  const { options } = context;
  const threadId = options.text("thread");
  const named = options.text("env");
  if (threadId !== undefined) {
    const vain = ["env", "agent", "title"].find((name) => options.text(name) !== undefined);
    if (vain === undefined) return threadId;
    throw new CommandError(`A thread keeps what it was made with: give --thread or --${vain}.`);
  }
  const client = await context.client();
  const environment = named === undefined ? null : await findEnvironment(client, named);
  const agentId = options.text("agent");
  const body = {
    title: options.text("title") ?? content.trim().slice(0, titleCharactersMax).toWellFormed(),
    ...(environment === null ? {} : { environmentId: environment }),
    ...(agentId === undefined ? {} : { agentId }),
  };
  const made = client.call("/threads", Created, { body });
  return (await withProgress("Creating a thread", made)).thread.id;
}
