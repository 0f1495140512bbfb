import * as z from "zod";
import { type ApiClient, ApiRefusal } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError, exits } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { askText, readHidden } from "../prompts.ts";
import { entered } from "../refusal-sentences.ts";
import {
  readProfile,
  removeProfile,
  requireApiUrl,
  requireKey,
  writeProfile,
} from "../settings.ts";

const Account = z.object({
  account: z.object({ apiKeyId: z.string(), userId: z.string(), status: z.string() }),
});
const Key = z.looseObject({
  name: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.string().nullable(),
});
/** Where `npm start` serves the API. */
const localUrl = "http://127.0.0.1:8080";

export async function login(context: Context): Promise<undefined> {
  const { output } = context;
  const apiUrl = requireApiUrl(await chooseUrl(context));
  const apiKey = requireKey(await readHidden(`API key for ${apiUrl}`));
  const client = context.clientFor({ apiUrl, apiKey, source: entered, urlSource: entered });
  const known = await withProgress("Checking the key", identify(client));
  await writeProfile(context.profilePath, { apiUrl, apiKey });
  output.done(`Logged in to ${apiUrl}${known ? ` as ${known.userId}` : ""}.`);
  if (!known) output.warning("The key is valid, and may not read its account (billing:read).");
  if (process.env.PADDOCK_API_KEY) {
    output.warning("PADDOCK_API_KEY is set, and used instead of what was stored.");
  }
}

async function chooseUrl(context: Context): Promise<string> {
  const given = context.options.text("apiUrl") ?? process.env.PADDOCK_API_URL;
  if (given) return given;
  const stored = await readProfile(context.profilePath).catch(() => null);
  const asked = await askText("Address of the API", stored?.apiUrl ?? localUrl);
  const chosen = asked ?? stored?.apiUrl;
  if (chosen !== undefined) return chosen;
  throw new CommandError("Say where the API is, with --api-url or PADDOCK_API_URL.");
}

/**
 * @returns The key's account; null if the key is valid but may not read that.
 * @throws {ApiRefusal} if the key is refused, also because of the address that it is used from.
 */
export async function identify(client: ApiClient) {
  try {
    return (await client.call("/billing/account", Account)).account;
  } catch (error) {
    if (error instanceof ApiRefusal && isMissingScope(error)) return null;
    throw error;
  }
}

function isMissingScope({ status, message }: ApiRefusal): boolean {
  return status === 403 && message.includes("lacks the scope");
}

export async function logout(context: Context): Promise<undefined> {
  const wasStored = await removeProfile(context.profilePath);
  if (!wasStored) throw new CommandError("You weren't logged in.", exits.notLoggedIn);
  context.output.done("Forgot the key. It stays valid: `paddock keys revoke` ends one.");
}

export async function whoami(context: Context): Promise<undefined> {
  const { output } = context;
  const { apiUrl, apiKey, source } = await context.login();
  const client = await context.client();
  const known = await identify(client);
  const key = known === null ? null : await describeKey(client, known.apiKeyId);
  const facts = {
    apiUrl,
    userId: known?.userId ?? null,
    keyId: known?.apiKeyId ?? null,
    keyPrefix: shownPrefix(apiKey),
    source,
    name: key?.name ?? null,
    scopes: key?.scopes ?? null,
    expiresAt: key?.expiresAt ?? null,
  };
  if (output.isJson) return void (await output.json(facts));
  await output.fields({
    address: apiUrl,
    account: facts.userId ?? "unknown (the key lacks billing:read)",
    key: `${facts.keyPrefix}… ${facts.keyId ?? ""}`.trimEnd(),
    from: source,
    ...(key === null ? {} : { name: key.name, scopes: key.scopes.join(" ") }),
    ...(key === null ? {} : { expires: key.expiresAt ?? "never" }),
  });
}

async function describeKey(client: ApiClient, id: string) {
  try {
    return await client.call(`/keys/${id}`, Key);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 403) return null;
    throw error;
  }
}

/** As much as the API itself shows of a key. */
function shownPrefix(apiKey: string): string {
  return /^tb_[a-z]+_.{4}/.exec(apiKey)?.[0] ?? "";
}
