/**
 * Adds first versions of the deployment's own secrets. They are made in this process's memory, sent
 * to Secret Manager, and never written to a file, an argument, an output or Terraform's state.
 */
import { crc32c } from "@aws-crypto/crc32c";
import * as z from "zod";
import { addPepper, usePepper } from "../../scripts/peppers/key-file.ts";
import { done, Stop } from "../print.ts";
import { need } from "./apply.ts";
import type { DeployContext } from "./deploy-context.ts";

const Version = z.object({ name: z.string() });
const Versions = z.object({ versions: z.array(Version).default([]) });
const perPage = 100;

/** The version of each secret to mount, in the form of the main root's variable. */
export interface SecretVersions {
  readonly peppers: string;
  readonly gateway_tokens: string;
  readonly mail_login: string;
  readonly provider_keys: string;
}

/** @param secrets The secrets' ids by purpose, as bootstrap made them. */
export async function ensureSecrets(
  context: DeployContext,
  secrets: Readonly<Record<string, string>>,
): Promise<SecretVersions> {
  const version = async (name: string, first: () => object) => {
    const id = need(secrets[name], `Bootstrap made no secret for ${name}.`);
    return (await newest(context, id)) ?? (await addFirst(context, id, first()));
  };
  return {
    peppers: await version("peppers", newKeyFile),
    gateway_tokens: await version("gateway-tokens", newKeyFile),
    // Its password comes from the relay; see docs/operate.md.
    mail_login: await version("mail-login", () => ({})),
    // Operators add their own; without any, no model but `shell` is offered.
    provider_keys: await version("provider-keys", () => ({})),
  };
}

/** The newest enabled version. A rotation adds one, and the next deployment mounts it. */
async function newest({ google, options }: DeployContext, id: string): Promise<string | null> {
  const query = `filter=state:ENABLED&pageSize=${perPage}`;
  const url = `${secretUrl(options.project, id)}/versions?${query}`;
  const answer = await google.ask(url, Versions);
  if (!answer.ok) throw new Stop(`The versions of ${id} can't be listed: ${answer.message}`);
  const numbers = answer.value.versions.map(({ name }) => Number(name.split("/").at(-1)));
  return numbers.length === 0 ? null : String(Math.max(...numbers));
}

function newKeyFile(): object {
  const made = addPepper({ current: "", keys: {} });
  return usePepper(made.file, made.id);
}

async function addFirst(
  { google, options }: DeployContext,
  id: string,
  value: object,
): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(value));
  const answer = await google.ask(`${secretUrl(options.project, id)}:addVersion`, Version, {
    method: "POST",
    body: { payload: { data: bytes.toString("base64"), dataCrc32c: String(crc32c(bytes)) } },
  });
  bytes.fill(0);
  if (!answer.ok) throw new Stop(`${id} got no first version: ${answer.message}`);
  const version = answer.value.name.split("/").at(-1) ?? "";
  done(`${id} has its first version, ${version}, which nobody has seen`);
  return version;
}

const secretUrl = (project: string, id: string) =>
  `https://secretmanager.googleapis.com/v1/projects/${project}/secrets/${id}`;
