import * as z from "zod";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exits.ts";
import { confirm } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";
import { findEnvironment } from "./environment-names.ts";
import { limitOf } from "./limit.ts";

const Thread = z.looseObject({
  id: z.string(),
  status: z.string(),
  title: z.string().nullable().default(null),
  environmentName: z.string().nullable().default(null),
  environmentId: z.string(),
  messageCount: z.number().default(0),
  totalCost: z.number().default(0),
  createdAt: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.string() })).optional(),
});

export async function listThreads(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const named = options.text("env");
  const environmentId = named === undefined ? undefined : await findEnvironment(client, named);
  const found = await client.list("/threads", Thread, {
    ...limitOf(context),
    query: { environmentId },
  });
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((thread) => [
    thread.id,
    thread.status,
    String(thread.messageCount),
    thread.environmentName ?? thread.environmentId,
    thread.createdAt,
    thread.title ?? "",
  ]);
  await output.table(["ID", "STATUS", "MESSAGES", "ENVIRONMENT", "CREATED", "TITLE"], rows);
}

export async function getThread(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = `/threads/${encodeURIComponent(context.arg(0))}`;
  const { thread } = await client.call(path, z.object({ thread: Thread }));
  if (output.isJson) return void (await output.json(thread));
  await output.fields({
    id: thread.id,
    title: thread.title ?? "",
    status: thread.status,
    environment: thread.environmentName ?? thread.environmentId,
    created: thread.createdAt,
  });
  const { messages = [], messageCount } = thread;
  if (messages.length < messageCount) {
    output.note(`These are the newest ${messages.length} of its ${messageCount} messages.`);
  }
  for (const { role, content } of messages) {
    await output.line(`\n── ${role}`);
    await output.line(content.replace(/\n$/, ""));
  }
}

export async function removeThreads(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const which = context.args.join(", ");
  await confirm(`Delete ${which} with messages and logs?`, context.options.flag("yes"));
  return await eachNamed(context, "wasn't deleted", async (id) => {
    await client.send(`/threads/${encodeURIComponent(id)}`, { method: "DELETE" });
    context.output.done(`Deleted ${id}.`);
  });
}
