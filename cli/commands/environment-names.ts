import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
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

export async function listEnvironmentsOf(client: ApiClient, max: number): Promise<Environment[]> {
  return await client.list("/environments", Environment, { max });
}

/**
 * Resolves what a user calls an environment: its id, its name, or nothing for the default one.
 * @returns Its id.
 * @throws {CommandError} if no environment has the name, or several have.
 */
export async function findEnvironment(client: ApiClient, named: string): Promise<string> {
  if (/^env_[\w-]+$/.test(named)) return named;
  if (named === "") return (await client.call("/environments/default", Environment)).id;
  const all = await listEnvironmentsOf(client, environmentsMax);
  return onlyCalled(all, named, { one: "environment", many: "environments" }).id;
}
