/** The key pair of an environment that a request makes, which nothing may leave without it. */
import type { IncomingMessage } from "node:http";
import type { Callers, Context } from "#shared/pipeline/route";
import { ensureSealingPair } from "#shared/secrets/sealing-keys";
import { remove } from "#shared/store/documents";
import { environments, sealingKeys } from "#shared/store/environments";
import { withDeadline } from "#shared/store/with-deadline";

/** The environments for which requests have made a pair. */
const made = new WeakMap<IncomingMessage, string>();

type Making = Pick<Context<"api-key", unknown, unknown, unknown>, "raw" | "deps" | "now"> & {
  readonly caller: Pick<Callers["api-key"], "owner">;
};

/** Makes it unless the request has. @returns its public half. */
export async function pairOfRequest(
  { caller: { owner }, raw, deps, now }: Making,
  id: string,
): Promise<string> {
  made.set(raw, id);
  const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
  return await ensureSealingPair(deps.keyStore, owner, pair);
}

/** Removes it if the request is refused after all: nobody else knows of it. */
export async function dropPairOfRequest({
  caller: { owner },
  raw,
  deps,
}: Omit<Making, "now">): Promise<void> {
  const id = made.get(raw);
  if (id === undefined) return;
  if ((await deps.store.get(environments.of(owner, id))).value !== null) return;
  await withDeadline(deps.keyStore.commit([remove(sealingKeys.of(owner, id), null)]));
}
