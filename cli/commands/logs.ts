import * as z from "zod";
import { type ApiClient, ApiRefusal } from "../api-client.ts";
import type { Context } from "../context.ts";
import { resumedEvents } from "../event-stream.ts";
import { CommandError, type ExitCode, exits } from "../exits.ts";
import { EventPrinter } from "./event-printer.ts";

const Status = z.object({ status: z.string() });
const running = new Set(["running", "pending", "queued"]);

/** Prints the events of an execution that has ended, or with `--follow` of one that still runs. */
export async function logs(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const path = pathOf(context.arg(0));
  const follows = context.options.flag("follow");
  const printer = new EventPrinter(context.output, { showsTools: true });
  const { signal } = context;
  const open = async (lastEventId: string | null) => {
    const headers = lastEventId === null ? {} : { "last-event-id": lastEventId };
    return await client.send(`${path}/events`, { headers, signal, isStream: true });
  };
  try {
    if (!follows && running.has(await statusOf(client, path))) {
      const message = "It still runs: add -f to follow it, or wait until it has ended.";
      throw new CommandError(message);
    }
    // Also of what has ended: a stream ends at its limits, wherever the execution's events go on.
    for await (const event of resumedEvents(open, signal)) {
      await printer.print(event);
      if (printer.outcome !== null) break;
    }
  } finally {
    printer.stop();
  }
  return exits.ok;
}

function pathOf(id: string): string {
  if (/^run_[\w-]+$/.test(id)) return `/executions/${id}`;
  if (/^thread_[\w-]+$/.test(id)) return `/threads/${id}`;
  throw new CommandError("Name a thread_… or a run_….");
}

async function statusOf(client: ApiClient, path: string): Promise<string> {
  const route = path.startsWith("/threads") ? `${path}/status` : path;
  try {
    return (await client.call(route, Status)).status;
  } catch (error) {
    // The stream itself says better what isn't there.
    if (error instanceof ApiRefusal && error.status === 404) return "";
    throw error;
  }
}
