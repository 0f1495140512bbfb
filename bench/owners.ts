/** The bench's owners and threads, made through the front door. */
import * as z from "zod";
import { call } from "../scripts/demo/api.ts";
import type { Target } from "./figure.ts";

export interface BenchOwner {
  readonly id: string;
  readonly key: string;
}

const Owner = z.object({ user: z.object({ id: z.string() }), key: z.object({ key: z.string() }) });
const Thread = z.object({ thread: z.object({ id: z.string() }) });
const Environment = z.object({ environment: z.object({ id: z.string() }) });
const creditUsd = 50;

export async function newOwner({ baseUrl, operatorToken: key }: Target): Promise<BenchOwner> {
  const body = { name: "bench", mode: "development" };
  const { user, key: made } = await call({ url: `${baseUrl}/v1/admin/users`, key }, Owner, body);
  const credit = { url: `${baseUrl}/v1/admin/users/${user.id}/credit`, key };
  await call(credit, z.unknown(), { amount: creditUsd });
  return { id: user.id, key: made.key };
}

export async function newEnvironment(
  { baseUrl }: Target,
  key: string,
  fields: { readonly computeProfile: string },
): Promise<string> {
  const at = { url: `${baseUrl}/v1/environments`, key };
  return (await call(at, Environment, { name: "bench", ...fields })).environment.id;
}

/** A thread with its own environment, so that threads don't wait for each other's files. */
export async function newThread(target: Target, key: string): Promise<string> {
  const { baseUrl } = target;
  const body = { environmentId: await newEnvironment(target, key, { computeProfile: "lite" }) };
  const { thread } = await call({ url: `${baseUrl}/v1/threads`, key }, Thread, body);
  return thread.id;
}
