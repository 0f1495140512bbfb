/** Looks at everything a command needs, and says of what is missing how to get it. */
import * as z from "zod";
import manifest from "../../package.json" with { type: "json" };
import { type ApiClient, ApiRefusal } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError, type ExitCode, exits } from "../exits.ts";
import { requireApiUrl } from "../settings.ts";
import { identify } from "./login.ts";

const skewMsMax = 60_000;
const nodeMajor = "24";

const Version = z.object({ build_version: z.string(), git_commit: z.string() });
const Health = z.object({ timestamp: z.string() });
const Budget = z.object({ available: z.number() });

interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "missing";
  readonly says: string;
}
type Report = (check: Check) => void;

export async function doctor(context: Context): Promise<ExitCode> {
  const checks: Check[] = [];
  const report: Report = (check) => checks.push(check);
  report(nodeCheck());
  const login = await context.login().catch((error: unknown) => errorOf(error));
  const apiUrl = login instanceof CommandError ? publicUrl() : login.apiUrl;
  if (apiUrl === null) report(missing("address", "Set PADDOCK_API_URL, or run `paddock login`."));
  else {
    const urlSource = login instanceof CommandError ? "PADDOCK_API_URL" : login.urlSource;
    const origin = { apiUrl, apiKey: null, source: "", urlSource };
    await checkService(context.clientFor(origin), report);
  }
  if (login instanceof CommandError) report(missing("key", login.message));
  else await checkKey(await context.client(), login.source, report);
  await print(context, checks);
  if (login instanceof CommandError) return login.exitCode;
  return checks.some(({ state }) => state === "missing") ? exits.failed : exits.ok;
}

function nodeCheck(): Check {
  const { node } = process.versions;
  const says = `paddock ${manifest.version} on Node ${node}`;
  if (node.startsWith(`${nodeMajor}.`)) return { name: "command", state: "ok", says };
  return missing("command", `${says}; install Node ${nodeMajor} with \`npm run setup\`.`);
}

/** The address alone, where there is no key yet. */
function publicUrl(): string | null {
  const url = process.env.PADDOCK_API_URL;
  return url ? requireApiUrl(url) : null;
}

async function checkService(client: ApiClient, report: Report): Promise<void> {
  const startedAt = Date.now();
  try {
    const { timestamp } = await client.call("/health", Health);
    const tookMs = Date.now() - startedAt;
    report({ name: "address", state: "ok", says: `${client.apiUrl} answers (${tookMs} ms)` });
    report(clockCheck(Date.parse(timestamp) - (startedAt + tookMs / 2), tookMs));
    report(versionCheck(await client.call("/version", Version)));
  } catch (error) {
    const { message } = errorOf(error);
    report(
      missing("address", `${message} Check the address, your network and a proxy's settings.`),
    );
  }
}

/** A clock that is far off makes certificates look expired, and times of logs misleading. */
function clockCheck(skewMs: number, tookMs: number): Check {
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const isOff = Math.abs(skewMs) - tookMs > skewMsMax;
  if (!isOff) return { name: "clock", state: "ok", says: `${seconds} s from the server's` };
  const direction = skewMs > 0 ? "behind" : "ahead of";
  const says = `${seconds} s ${direction} the server's: synchronise it (timedatectl set-ntp true).`;
  return { name: "clock", state: "warning", says };
}

function versionCheck({ build_version: server, git_commit: commit }: z.infer<typeof Version>) {
  const says = `the server is ${server} (${commit.slice(0, 12)})`;
  // A build from a working copy has a word in place of a number.
  const isSame = !/^\d/.test(server) || majorMinor(server) === majorMinor(manifest.version);
  if (isSame) return { name: "version", state: "ok", says } as const;
  const what = `${says}, this command ${manifest.version}: some commands may not fit.`;
  return { name: "version", state: "warning", says: what } as const;
}

function majorMinor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

async function checkKey(client: ApiClient, source: string, report: Report): Promise<void> {
  try {
    const known = await identify(client);
    const whose = known === null ? "valid" : `valid, of ${known.userId}`;
    report({ name: "key", state: "ok", says: `${whose} (${source})` });
    if (known?.status === "suspended")
      report(missing("account", "It is suspended: ask an operator."));
  } catch (error) {
    const hint = "Another key with keys:write makes one.";
    const { message } = errorOf(error);
    report(missing("key", error instanceof ApiRefusal ? `${message} ${hint}` : message));
    return;
  }
  await checkMoney(client, report);
}

async function checkMoney(client: ApiClient, report: Report): Promise<void> {
  try {
    const { available } = await client.call("/budget", Budget);
    const says = `$${available.toFixed(6)} available`;
    if (available > 0) report({ name: "budget", state: "ok", says });
    else report(missing("budget", `${says}: ask an operator to credit the account.`));
  } catch (error) {
    report({ name: "budget", state: "warning", says: errorOf(error).message });
  }
}

function missing(name: string, says: string): Check {
  return { name, state: "missing", says };
}

function errorOf(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  throw error;
}

async function print({ output }: Context, checks: readonly Check[]): Promise<void> {
  if (output.isJson) return await output.json(checks);
  const marks = { ok: "✓", warning: "!", missing: "✗" };
  for (const { name, state, says } of checks) {
    await output.line(`${marks[state]} ${name.padEnd(8)} ${says}`);
  }
}
