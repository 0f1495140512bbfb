/**
 * Adds first versions of the deployment's own secrets. They are made in this process's memory, sent
 * to Secret Manager, and never written to a file, an argument, an output or Terraform's state.
 */
import { crc32c } from "@aws-crypto/crc32c";
import * as z from "zod";
import { addPepper, usePepper } from "../../scripts/peppers/key-file.ts";
import { done, Stop } from "../print.ts";
import { need } from "./apply.ts";
import type { ProjectAt } from "./deploy-context.ts";

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

/**
 * @param secrets The secrets' ids by purpose, as bootstrap made them.
 * @throws {Stop} if somebody has disabled all versions of one: new peppers would end all API keys.
 */
export async function ensureSecrets(
  context: ProjectAt,
  secrets: Readonly<Record<string, string>>,
): Promise<SecretVersions> {
  const version = async (name: string, first: () => object) => {
    const id = need(secrets[name], `Bootstrap made no secret for ${name}.`);
    const [enabled] = await versionsOf(context, id, "ENABLED");
    if (enabled !== undefined) return enabled;
    const [disabled] = await versionsOf(context, id, "DISABLED");
    if (disabled === undefined) return await addFirst(context, id, first());
    const { project } = context.options;
    const order = `gcloud secrets versions enable ${disabled} --secret=${id} --project=${project}`;
    throw new Stop(
      `Every version of ${id} is disabled, and a new one knows nothing of them: ${order}`,
    );
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

/** The versions, newest first. A rotation adds one, and the next deployment mounts it. */
async function versionsOf(
  { google, options }: ProjectAt,
  id: string,
  state: "ENABLED" | "DISABLED",
): Promise<readonly string[]> {
  const query = `filter=state:${state}&pageSize=${perPage}`;
  const url = `${secretUrl(options.project, id)}/versions?${query}`;
  const answer = await google.ask(url, Versions);
  if (!answer.ok) throw new Stop(`The versions of ${id} can't be listed: ${answer.message}`);
  const numbers = answer.value.versions.map(({ name }) => Number(name.split("/").at(-1)));
  return numbers.sort((one, other) => other - one).map(String);
}

function newKeyFile(): object {
  const made = addPepper({ current: "", keys: {} });
  return usePepper(made.file, made.id);
}

async function addFirst(
  { google, options }: ProjectAt,
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
