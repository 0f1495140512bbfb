/** A trigger's address and secret. Both derive from a pepper, so no document holds them. */
import { config, peppers } from "../config.ts";
import { keyNamed } from "../core/executions/ticket.ts";
import { Fault } from "../core/fault.ts";
import { webhookSecret } from "../core/incidents/webhook-signature.ts";
import { composeTriggerAddress } from "../core/keys/trigger-address.ts";
import type { Trigger } from "../store/triggers.ts";

type Derived = Pick<Trigger, "id" | "pepperId" | "generation">;

/** @returns Null if its pepper is gone: then it needs a new secret. */
export function secretOf({ id, pepperId, generation }: Derived): Buffer | null {
  const root = keyNamed(peppers(), pepperId);
  return root ? webhookSecret(root, id, generation) : null;
}

/** The address for its sender; a path where the deployment has no domain of its own. */
export function webhookUrlOf(ownerId: string, { id, pepperId, generation }: Derived): string {
  const { keys, current } = peppers();
  const pepper = keys[pepperId] ?? keys[current];
  if (!pepper) throw new Fault("the current pepper is missing");
  const address = composeTriggerAddress({ ownerId, triggerId: id, generation }, pepper);
  const { PADDOCK_DOMAIN: domain } = config();
  const path = `/v1/webhooks/triggers/${address}`;
  return domain === undefined ? path : `https://${domain}${path}`;
}
