/** Finds one of several things of a kind by what its user calls it, and changes several at once. */
import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode } from "../exits.ts";
import { confirm } from "../prompts.ts";
import { eachNamed } from "./each-named.ts";

const namedMax = 10_000;
const Named = z.looseObject({ id: z.string(), name: z.string() });

/** A kind of things that have names. */
export interface Kind {
  /** The path of their list. */
  readonly path: string;
  readonly one: string;
  readonly many: string;
  readonly id: RegExp;
}

/** @returns The id. @throws {CommandError} if nothing has the name, or several things have. */
export async function findNamed(client: ApiClient, kind: Kind, named: string): Promise<string> {
  if (kind.id.test(named)) return named;
  return onlyCalled(await client.list(kind.path, Named, { max: namedMax }), named, kind).id;
}

/** The path of one of them. */
export async function pathOfNamed(client: ApiClient, kind: Kind, named: string): Promise<string> {
  return `${kind.path}/${encodeURIComponent(await findNamed(client, kind, named))}`;
}

export function onlyCalled<T extends { readonly id: string; readonly name: string }>(
  all: readonly T[],
  named: string,
  { one, many }: Pick<Kind, "one" | "many">,
): T {
  const called = all.filter(({ name }) => name === named);
  const [found, other] = called;
  if (found === undefined) throw new CommandError(`You have no ${one} called "${named}".`);
  if (other === undefined) return found;
  const ids = called.map(({ id }) => id).join(", ");
  const message = `Several ${many} are called "${named}": give the id of one (${ids}).`;
  throw new CommandError(message);
}

interface Each {
  readonly done: string;
  /** What is said of one that is refused, after its name. */
  readonly undone: string;
  readonly change: (path: string) => { readonly path: string; readonly method: string };
  readonly body?: unknown;
}

/** Does the same with each thing that the arguments name. A wrong name changes nothing. */
export async function changeEach(
  context: Context,
  kind: Kind,
  { done, undone, change, body }: Each,
): Promise<ExitCode> {
  const client = await context.client();
  const paths = await Promise.all(context.args.map((name) => pathOfNamed(client, kind, name)));
  return await eachNamed(context, undone, async (name, index) => {
    const { path, method } = change(paths[index] ?? "");
    await client.send(path, { method, ...(body === undefined ? {} : { body }) });
    context.output.done(`${done} ${name}.`);
  });
}

/** Stops what starts by itself, until it is resumed. */
export async function pauseEach(context: Context, kind: Kind): Promise<ExitCode> {
  const change = (path: string) => ({ path: `${path}/disable`, method: "PATCH" });
  return await changeEach(context, kind, { done: "Paused", undone: "wasn't paused", change });
}

export async function resumeEach(context: Context, kind: Kind): Promise<ExitCode> {
  const change = (path: string) => ({ path: `${path}/enable`, method: "PATCH" });
  return await changeEach(context, kind, { done: "Resumed", undone: "wasn't resumed", change });
}

/** @param what What is lost, and what isn't. */
export async function removeEach(context: Context, kind: Kind, what: string): Promise<ExitCode> {
  await confirm(`Delete ${context.args.join(", ")}${what}?`, context.options.flag("yes"));
  const change = (path: string) => ({ path, method: "DELETE" });
  return await changeEach(context, kind, { done: "Deleted", undone: "wasn't deleted", change });
}
