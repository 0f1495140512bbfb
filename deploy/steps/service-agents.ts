/**
 * Brings Google's agents of Firestore, Storage and Logging into being before keys are granted to
 * them. A project has none until it first uses the service, and KMS refuses a grant to an account
 * that doesn't exist. The provider has a resource for this only in its beta.
 */
import * as z from "zod";
import type { GoogleAnswer } from "../google/api.ts";
import { isCustomerManaged } from "../preflight/org-policies.ts";
import { done, Stop } from "../print.ts";
import type { DeployContext } from "./deploy-context.ts";

const Anything = z.looseObject({});

/** Each call makes the agent if there is none, and else changes nothing. */
const calls: readonly {
  readonly agent: string;
  make(context: DeployContext): Promise<GoogleAnswer<unknown>>;
}[] = [
  {
    agent: "Storage",
    // cloud.google.com/storage/docs/getting-service-agent: reading its address makes it.
    make: async ({ google, options }) =>
      await google.ask(
        `https://storage.googleapis.com/storage/v1/projects/${options.project}/serviceAccount`,
        Anything,
      ),
  },
  {
    agent: "Logging",
    // logging/docs/routing/managed-encryption-storage: reading the settings makes it.
    make: async ({ google, options }) =>
      await google.ask(
        `https://logging.googleapis.com/v2/projects/${options.project}/settings`,
        Anything,
      ),
  },
  {
    agent: "Firestore",
    // What `gcloud beta services identity create --service=firestore.googleapis.com` calls.
    make: async ({ google, options }) =>
      await google.ask(
        `https://serviceusage.googleapis.com/v1beta1/projects/${options.project}/services/firestore.googleapis.com:generateServiceIdentity`,
        Anything,
        { method: "POST", body: {} },
      ),
  },
];

/** Does nothing unless data is encrypted with the project's own keys. */
export async function ensureServiceAgents(
  context: DeployContext,
  variables: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!isCustomerManaged(variables.encryption)) return;
  for (const { agent, make } of calls) {
    const made = await make(context);
    if (!made.ok) throw new Stop(`${agent} got no agent for the project's keys: ${made.message}`);
  }
  done(`agents of ${calls.map(({ agent }) => agent).join(", ")}`);
}
