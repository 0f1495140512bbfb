import * as z from "zod";
import type { ApiClient, Listing } from "../api-client.ts";
import { CommandError } from "../exits.ts";
import { onlyCalled } from "./named.ts";

const environmentsMax = 1_000;
export const Environment = z.looseObject({
  id: z.string(),
  name: z.string(),
  isDefault: z.boolean().default(false),
  status: z.string().default(""),
  computeProfile: z.string().default(""),
  createdAt: z.string().default(""),
});
export type Environment = z.infer<typeof Environment>;

export async function listEnvironmentsOf(
  client: Pick<ApiClient, "list">,
  listing: Listing,
): Promise<Environment[]> {
  return await client.list("/environments", Environment, listing);
}

/**
 * Resolves what a user calls an environment: its id or its name; undefined is the default one. An
 * empty name is none: in a script it is a variable that isn't set, and what is done, or deleted,
 * would be done to the default environment.
 * @returns Its id.
 * @throws {CommandError} if no environment has the name, or several have.
 */
export async function findEnvironment(
  client: Pick<ApiClient, "call" | "list">,
  named: string | undefined,
): Promise<string> {
  if (named === undefined) return (await client.call("/environments/default", Environment)).id;
  if (named === "") throw new CommandError("An environment's name is empty: give its id or name.");
  if (/^env_[\w-]+$/.test(named)) return named;
  const all = await listEnvironmentsOf(client, { max: environmentsMax });
  return onlyCalled(all, named, { one: "environment", many: "environments" }).id;
}
