/** Sends a file that one request can't hold: straight to Cloud Storage, in chunks, resumably. */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { type ApiClient, ApiRefusal, ConnectionLost, lost, mayPass } from "../api-client.ts";
import { CommandError } from "../exits.ts";
import { withProgress } from "../progress.ts";
import {
  forgetSession,
  type SentFile,
  storedSession,
  storeSession,
  type UploadSession,
} from "./upload-sessions.ts";

/** All chunks but the last are multiples of 256 KiB. */
const chunkBytes = 8 * 1024 * 1024;
const chunkMsMax = 300_000;
const attemptsMax = 6;
const firstPauseMs = 500;
const completeMsMax = 900_000;

const Begun = z.object({
  upload: z.object({
    id: z.string(),
    request: z.object({
      url: z.url(),
      method: z.string(),
      headers: z.record(z.string(), z.string()),
    }),
  }),
});
const State = z.object({ upload: z.object({ state: z.string() }) });
const Completed = z.object({ path: z.string(), size: z.number() });

export interface LargeFile {
  readonly blob: Blob;
  readonly environmentId: string;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** @returns The file's size, once it is in the workspace. */
export async function uploadLarge(client: ApiClient, file: LargeFile): Promise<number> {
  const { blob, environmentId, path, signal } = file;
  const name = path.split("/").at(-1) ?? path;
  const sha256 = await withProgress(`Reading ${name}`, hashOf(blob, signal));
  const sent: SentFile = { apiUrl: client.apiUrl, environmentId, path, size: blob.size, sha256 };
  const uploads = `/environments/${environmentId}/uploads`;
  let received = 0;
  const percent = () => `Uploading ${name}, ${Math.floor((100 * received) / blob.size)} %`;
  const sending = async () => {
    const { session, uploadId } = await openSession(client, uploads, file, sent);
    const report = (bytes: number) => {
      received = bytes;
    };
    await sendChunks(session, file, report).catch(async (error: unknown) => {
      // Else the same command would be refused by the same session again.
      if (!mayPass(error) && !signal.aborted) await forgetSession(sent);
      throw error;
    });
    return uploadId;
  };
  const uploadId = await withProgress(percent, sending());
  const completing = client.call(`${uploads}/${uploadId}/complete`, Completed, {
    method: "POST",
    signal,
    msMax: completeMsMax,
  });
  const { size } = await withProgress(`Checking ${name}`, completing);
  await forgetSession(sent);
  return size;
}

async function hashOf(blob: Blob, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of blob.stream()) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** The session of an earlier command for the same file, or a new one. */
async function openSession(
  client: ApiClient,
  uploads: string,
  { blob, path, signal }: LargeFile,
  sent: SentFile,
): Promise<UploadSession> {
  const known = await storedSession(sent);
  if (known && (await isOpen(client, `${uploads}/${known.uploadId}`, signal))) return known;
  const body = { path, size: blob.size, sha256: sent.sha256 };
  const { upload } = await client.call(uploads, Begun, { body, signal });
  const { url, method, headers } = upload.request;
  const answer = await fetch(url, { method, headers, signal, redirect: "error" }).catch(
    (error: unknown) => {
      throw lost(new URL(url).origin, error);
    },
  );
  const session = answer.headers.get("location");
  if (answer.status !== 201 || session === null) {
    throw new CommandError(`Cloud Storage refused the upload (${answer.status}).`);
  }
  const opened = { uploadId: upload.id, session };
  await storeSession(sent, opened);
  return opened;
}

async function isOpen(client: ApiClient, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.call(path, State, { signal })).upload.state === "open";
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return false;
    throw error;
  }
}

/**
 * Sends what is missing. At first and after a failure it asks how much has arrived: the session may
 * still be busy with what a command that was broken off has sent.
 */
export async function sendChunks(
  session: string,
  { blob, signal }: Pick<LargeFile, "blob" | "signal">,
  report: (received: number) => void,
  pauseMs: number = firstPauseMs,
): Promise<void> {
  let received: number | null = null;
  for (let failures = 0; received === null || received < blob.size; ) {
    try {
      if (received === null) received = await receivedBytes(session, blob.size, signal);
      else {
        report(received);
        const end = Math.min(received + chunkBytes, blob.size);
        const before: number = received;
        received = await sendChunk(session, blob, { begin: before, end, signal });
        if (received <= before)
          throw new ConnectionLost("Cloud Storage keeps nothing of the file.");
        failures = 0;
      }
    } catch (error) {
      failures += 1;
      signal.throwIfAborted();
      if (!(error instanceof ConnectionLost) || failures >= attemptsMax) throw error;
      await wait(pauseMs * 2 ** failures, undefined, { signal });
      received = null;
    }
  }
}

async function receivedBytes(session: string, size: number, signal: AbortSignal): Promise<number> {
  const headers = { "content-range": `bytes */${size}` };
  return received(await request(session, { headers, signal }), size);
}

async function sendChunk(
  session: string,
  blob: Blob,
  { begin, end, signal }: { readonly begin: number; readonly end: number; signal: AbortSignal },
): Promise<number> {
  const headers = { "content-range": `bytes ${begin}-${end - 1}/${blob.size}` };
  const body = await blob.slice(begin, end).arrayBuffer();
  return received(await request(session, { headers, body, signal }), blob.size);
}

async function request(
  session: string,
  { signal, ...sent }: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(chunkMsMax)]);
  try {
    // 308 says here that more is to come, so it isn't a redirect.
    return await fetch(session, { method: "PUT", redirect: "manual", ...sent, signal: limited });
  } catch (error) {
    throw lost(new URL(session).origin, error);
  }
}

/** @throws {ConnectionLost} for what may pass. @throws {CommandError} for an ended session. */
function received({ status, headers }: Response, size: number): number {
  if (status === 200 || status === 201) return size;
  if (status === 308) {
    const last = /^bytes=0-(\d+)$/.exec(headers.get("range") ?? "")?.[1];
    return last === undefined ? 0 : Number(last) + 1;
  }
  if (status === 429 || status >= 500) {
    throw new ConnectionLost(`Cloud Storage doesn't take the file now (${status}).`);
  }
  throw new CommandError(`Cloud Storage refused the file (${status}); copy it again.`);
}
