/** What happens in the drill's cloud, through the front door. */
import * as z from "zod";
import type { LocalCloud } from "../../local/cloud.ts";
import { call, type FirstOwner, makeFirstOwner } from "../../scripts/demo/api.ts";
import { type Run, sendMessage } from "../../scripts/demo/stream.ts";

const creditUsd = 5;
/** Long enough to search for in everything that is stored. */
export const secretValue = "a-secret-that-must-die-with-its-environment";

export interface Lived {
  readonly owner: FirstOwner;
  readonly keptEnvironmentId: string;
  /** Deleted after the backup. */
  readonly shreddedEnvironmentId: string;
  /** Revoked after the backup. */
  readonly leaked: { readonly id: string; readonly key: string };
}

const Environment = z.object({ environment: z.object({ id: z.string() }) });
const Thread = z.object({ thread: z.object({ id: z.string() }) });
const Key = z.object({ id: z.string(), key: z.string() });

export async function liveBefore(cloud: LocalCloud): Promise<Lived> {
  const owner = await makeFirstOwner(cloud, creditUsd);
  const make = async (name: string) => {
    const body = {
      name,
      computeProfile: "lite",
      secrets: [{ key: "TOKEN", value: secretValue }],
    };
    const to = { url: `${cloud.baseUrl}/v1/environments`, key: owner.key };
    return (await call(to, Environment, body)).environment.id;
  };
  const [keptEnvironmentId, shreddedEnvironmentId] = [await make("kept"), await make("shredded")];
  for (const id of [keptEnvironmentId, shreddedEnvironmentId]) {
    const { run } = await runIn(cloud, owner, id);
    if (run?.status !== "success") throw new Error(`a task before the backup: ${run?.status}`);
  }
  const to = { url: `${cloud.baseUrl}/v1/keys`, key: owner.key };
  const leaked = await call(to, Key, { name: "leaked" });
  return { owner, keptEnvironmentId, shreddedEnvironmentId, leaked };
}

/** Changes that the restored database can't know. */
export async function liveOn(cloud: LocalCloud, { owner, ...lived }: Lived): Promise<void> {
  const { keptEnvironmentId, shreddedEnvironmentId, leaked } = lived;
  await runIn(cloud, owner, keptEnvironmentId);
  await deleteEnvironment(cloud, owner, shreddedEnvironmentId);
  await revoke(cloud, owner, leaked.id);
}

/**
 * Repeats revocations and deletions since the backup, which a person reads from the request log.
 */
export async function repeatSince(cloud: LocalCloud, lived: Lived): Promise<string> {
  const { owner, leaked, shreddedEnvironmentId } = lived;
  const budget = `${cloud.baseUrl}/v1/budget`;
  const use = async () =>
    (await fetch(budget, { headers: { authorization: `Bearer ${leaked.key}` } })).status;
  const before = await use();
  await revoke(cloud, owner, leaked.id);
  await deleteEnvironment(cloud, owner, shreddedEnvironmentId);
  return `the revoked key was answered ${before} after the restore, and ${await use()} once revoked again`;
}

async function revoke(cloud: LocalCloud, { key }: FirstOwner, id: string): Promise<void> {
  await call({ url: `${cloud.baseUrl}/v1/keys/${id}/revoke`, key }, z.unknown(), {});
}

async function deleteEnvironment(
  cloud: LocalCloud,
  { key }: FirstOwner,
  id: string,
): Promise<void> {
  const url = `${cloud.baseUrl}/v1/environments/${id}`;
  await call({ url, key, method: "DELETE" }, z.unknown());
}

/**
 * Prints how long its secret is; stopped after `withinMs`.
 * @returns no run if it was stopped, or if its stream ended with an error only.
 */
export async function runIn(
  cloud: LocalCloud,
  { key }: FirstOwner,
  environmentId: string,
  withinMs = 60_000,
): Promise<{ readonly run: Run | null; readonly output: string }> {
  const to = { url: `${cloud.baseUrl}/v1/threads`, key };
  const { thread } = await call(to, Thread, { environmentId });
  const script = 'printf %s "$TOKEN" | wc -c';
  const stop = setTimeout(
    () => void cancel(cloud, key, thread.id).catch(() => undefined),
    withinMs,
  );
  let output = "";
  try {
    const message = { baseUrl: cloud.baseUrl, threadId: thread.id, key };
    for await (const event of sendMessage(message, script)) {
      if (event.type === "stream.completed") return { run: event.run, output };
      if (event.type === "response.item.completed" && event.item.type === "text") {
        output += event.item.content ?? "";
      }
    }
    return { run: null, output };
  } finally {
    clearTimeout(stop);
  }
}

async function cancel(cloud: LocalCloud, key: string, threadId: string): Promise<void> {
  await call({ url: `${cloud.baseUrl}/v1/threads/${threadId}/cancel`, key }, z.unknown(), {});
}
