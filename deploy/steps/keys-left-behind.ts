/**
 * Key rings and keys can't be deleted, so a deployment after a `--destroy` finds them. They are
 * imported into the state and get a new version, because `--destroy` has destroyed theirs.
 */
import * as z from "zod";
import { done, Stop } from "../print.ts";
import type { Terraform } from "../terraform/run.ts";
import type { DeployContext } from "./deploy-context.ts";
import { ifThere } from "./if-there.ts";

const ringAddress = "module.keys.google_kms_key_ring.default";
const perPage = 100;

const Key = z.object({
  name: z.string(),
  purpose: z.string(),
  primary: z.object({ state: z.string() }).optional(),
});
const Keys = z.object({ cryptoKeys: z.array(Key).default([]) });
const Named = z.object({ name: z.string() });

const kms = "https://cloudkms.googleapis.com/v1";

/** Imports the keys that an earlier deployment left in `ring`, unless the state has them. */
export async function takeOverKeys(
  context: DeployContext,
  terraform: Terraform,
  ring: string,
): Promise<void> {
  const found = ifThere(
    await context.google.ask(`${kms}/${ring}`, Named),
    (message) => `Whether ${ring} is left can't be seen: ${message}`,
  );
  if (found === null) return;
  const known = await terraform.addresses();
  if (!known.includes(ringAddress)) {
    await terraform.importInto(ringAddress, ring);
    done("took over the key ring of an earlier deployment");
  }
  for (const key of await keysOf(context, ring)) {
    const address = addressOf(key);
    if (known.includes(address)) continue;
    await terraform.importInto(address, key.name);
    done(`took over the key ${key.name.split("/").at(-1)}`);
  }
}

function addressOf({ name, purpose }: z.infer<typeof Key>): string {
  const id = name.split("/").at(-1) ?? "";
  const service = /^at-rest-(.+)$/.exec(id)?.[1];
  if (service !== undefined) return `module.keys.google_kms_crypto_key.at_rest["${service}"]`;
  const kind = purpose === "ENCRYPT_DECRYPT" ? "wrap" : "sign";
  return `module.keys.google_kms_crypto_key.${kind}["${id}"]`;
}

/** Makes a version for each wrapping key whose versions were destroyed. */
export async function ensureKeyVersions(
  context: Pick<DeployContext, "google">,
  ring: string,
): Promise<void> {
  for (const { name, purpose, primary } of await keysOf(context, ring)) {
    if (purpose !== "ENCRYPT_DECRYPT" || primary?.state === "ENABLED") continue;
    const url = `${kms}/${name}`;
    const made = await context.google.ask(`${url}/cryptoKeyVersions`, Named, {
      method: "POST",
      body: {},
    });
    if (!made.ok) throw new Stop(`${name} got no version: ${made.message}`);
    const body = { cryptoKeyVersionId: made.value.name.split("/").at(-1) };
    const used = await context.google.ask(`${url}:updatePrimaryVersion`, Named, {
      method: "POST",
      body,
    });
    if (!used.ok) throw new Stop(`${name} doesn't use its new version: ${used.message}`);
    done(`${name.split("/").at(-1)} has a version again`);
  }
}

/** @throws {Stop} if they can't be listed: none would get the version that it needs. */
async function keysOf({ google }: Pick<DeployContext, "google">, ring: string) {
  const url = `${kms}/${ring}/cryptoKeys?pageSize=${perPage}`;
  const unseen = (message: string) => `The keys of ${ring} can't be listed: ${message}`;
  return ifThere(await google.ask(url, Keys), unseen)?.cryptoKeys ?? [];
}
