/** Remembers unfinished uploads, so that the same command continues where one was cut off. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";

/** The session's address is all that is needed to send to it, so nobody else may read it. */
const ownerOnly = 0o600;
const folderMode = 0o700;

const Stored = z.object({ uploadId: z.string(), session: z.url() });
export type UploadSession = z.infer<typeof Stored>;

/** What is sent, and where to. */
export interface SentFile {
  readonly apiUrl: string;
  readonly environmentId: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

function sessionPath(sent: SentFile): string {
  const { XDG_STATE_HOME: configured } = process.env;
  const base = configured?.startsWith("/") ? configured : join(homedir(), ".local", "state");
  const { apiUrl, environmentId, path, size, sha256 } = sent;
  const named = JSON.stringify([apiUrl, environmentId, path, size, sha256]);
  const name = createHash("sha256").update(named).digest("hex");
  return join(base, "paddock", "uploads", `${name}.json`);
}

/** Null if there is none, or none that can be read. */
export async function storedSession(sent: SentFile): Promise<UploadSession | null> {
  try {
    return Stored.parse(JSON.parse(await readFile(sessionPath(sent), "utf8")));
  } catch {
    return null;
  }
}

/** An upload that can't be remembered is made all the same. */
export async function storeSession(sent: SentFile, session: UploadSession): Promise<void> {
  const path = sessionPath(sent);
  try {
    await mkdir(join(path, ".."), { recursive: true, mode: folderMode });
    await writeFile(path, JSON.stringify(session), { mode: ownerOnly });
  } catch {
    // The next command then begins from the first byte.
  }
}

export async function forgetSession(sent: SentFile): Promise<void> {
  await rm(sessionPath(sent), { force: true }).catch(() => undefined);
}
