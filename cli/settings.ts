/** Where the API is and which key is used: from the environment, else from a stored profile. */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { CommandError, exits } from "./exits.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const Profile = z.object({ apiUrl: z.string(), apiKey: z.string() });
export type Profile = z.infer<typeof Profile>;

const ownerOnly = 0o600;
const folderMode = 0o700;
const othersMask = 0o077;
const othersWriteMask = 0o022;
const profileBytesMax = 64 * 1024;

export interface Login extends Profile {
  /** Where the key is from, for people. */
  readonly source: string;
  /** Where the address is from. */
  readonly urlSource: string;
}

/** @throws {CommandError} if the name can't be a file's. */
export function profileName(chosen: string | undefined, environment: Environment): string {
  const name = chosen ?? (environment.PADDOCK_PROFILE || "default");
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) return name;
  throw new CommandError("A profile's name is made of letters, digits, - and _.");
}

export function profilePath(name: string, environment: Environment): string {
  return join(settingsFolder(environment), "profiles", `${name}.json`);
}

function settingsFolder({ XDG_CONFIG_HOME: configured }: Environment): string {
  const base = configured?.startsWith("/") ? configured : join(homedir(), ".config");
  return join(base, "paddock");
}

/**
 * A stored key is sent to the address that it was stored with and to no other.
 * @throws {CommandError} with exit code 4 if there is no key.
 */
export async function findLogin(name: string, environment: Environment): Promise<Login> {
  const { PADDOCK_API_KEY: apiKey, PADDOCK_API_URL: url } = environment;
  const apiUrl = url ? requireApiUrl(url) : null;
  const source = `profile ${name}`;
  const ofVariable = { apiKey: apiKey ? requireKey(apiKey) : "", source: "PADDOCK_API_KEY" };
  if (apiKey && apiUrl) return { ...ofVariable, apiUrl, urlSource: "PADDOCK_API_URL" };
  const stored = await readProfile(profilePath(name, environment));
  if (apiKey) {
    if (stored === null) {
      const message = "PADDOCK_API_KEY is set, but not where to: set PADDOCK_API_URL too.";
      throw new CommandError(message, exits.notLoggedIn);
    }
    return { ...ofVariable, apiUrl: stored.apiUrl, urlSource: source };
  }
  if (stored === null) {
    const what = "run `paddock login`, or set PADDOCK_API_KEY";
    const message = `You aren't logged in (profile ${name}): ${what}.`;
    throw new CommandError(message, exits.notLoggedIn);
  }
  if (apiUrl !== null && apiUrl !== stored.apiUrl) {
    const message =
      `The stored key is for ${stored.apiUrl}, and PADDOCK_API_URL is ${apiUrl}: ` +
      "set PADDOCK_API_KEY too, or log in there with --profile.";
    throw new CommandError(message, exits.notLoggedIn);
  }
  return { ...stored, source, urlSource: source };
}

/**
 * @returns The origin. `/v1` behind it is dropped, since every path begins with it.
 * @throws {CommandError} for an address to which no key may be sent.
 */
export function requireApiUrl(text: string): string {
  const url = URL.parse(text.trim());
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (!url || !isWeb || url.username || url.password || url.search || url.hash) {
    throw new CommandError("The address must be like https://api.example.com.");
  }
  if (!/^(\/v1)?\/?$/.test(url.pathname)) {
    throw new CommandError("The address must have no path: the API is at the root of its host.");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new CommandError("An API key is sent over https only, except to this machine itself.");
  }
  return url.origin;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
}

/** @throws {CommandError} for what can't be sent in a header. */
export function requireKey(text: string): string {
  const key = text.trim();
  if (/^[\x21-\x7e]{1,512}$/.test(key)) return key;
  throw new CommandError("That isn't an API key: it is one word of letters, digits and _.");
}

/**
 * @returns Null if nothing is stored.
 * @throws {CommandError} if others may have read or changed it, or if it can't be read.
 */
export async function readProfile(path: string): Promise<Profile | null> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw new CommandError(`${path} can't be read (${error.code}).`);
  });
  if (handle === null) return null;
  try {
    await requirePrivate(path, await handle.stat());
    const buffer = Buffer.alloc(profileBytesMax);
    const { bytesRead } = await handle.read(buffer, 0, profileBytesMax, 0);
    const parsed = Profile.safeParse(jsonOrNull(buffer.toString("utf8", 0, bytesRead)));
    if (parsed.success) {
      const { apiUrl, apiKey } = parsed.data;
      return { apiUrl: requireApiUrl(apiUrl), apiKey: requireKey(apiKey) };
    }
    throw new CommandError(`${path} isn't a stored login: run \`paddock login\` again.`);
  } finally {
    await handle.close();
  }
}

async function requirePrivate(path: string, file: { mode: number; uid: number }): Promise<void> {
  const user = process.getuid?.();
  if (user === undefined) return;
  const folder = join(path, "..");
  const above = await stat(folder);
  if ((file.mode & othersMask) !== 0) {
    throw new CommandError(
      `Others may read ${path}: revoke its key if you don't trust them, then chmod 600 ${path}.`,
    );
  }
  if (file.uid !== user || above.uid !== user || (above.mode & othersWriteMask) !== 0) {
    throw new CommandError(`${path} must be yours, in a folder that only you may change.`);
  }
}

/** Writes a whole new file that is the user's alone, and then gives it the old one's name. */
export async function writeProfile(path: string, profile: Profile): Promise<void> {
  const folder = join(path, "..");
  await mkdir(folder, { recursive: true, mode: folderMode });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const handle = await open(draft, "wx", ownerOnly);
  try {
    await handle.writeFile(`${JSON.stringify(profile, null, 2)}\n`);
    await handle.sync();
    await handle.close();
    await rename(draft, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

/** @returns Whether something was stored. */
export async function removeProfile(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
