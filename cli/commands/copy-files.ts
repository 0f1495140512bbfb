/** Copies one file into an environment, or out of it. */
import { createReadStream, openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { type ApiClient, mayPass } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { chunksOf, writeWhole } from "../whole-file.ts";
import { findEnvironment } from "./environment-names.ts";
import { uploadLarge } from "./large-upload.ts";
import { encodedPath, type Place, placeFrom } from "./places.ts";

/** A request to the platform ends at 32 MB, so larger files are sent to Cloud Storage itself. */
const formBytesMax = 24 * 1024 * 1024;
/** How often a download that breaks off is continued without having brought anything. */
const vainAttemptsMax = 5;
const pauseMs = 500;
const mib = 1_048_576;
const Uploaded = z.object({ path: z.string(), size: z.number() });

type Remote = Extract<Place, { kind: "remote" }>;

export async function copyFile(context: Context): Promise<undefined> {
  const [from, to] = [placeFrom(context.arg(0)), placeFrom(context.arg(1))];
  if (from.kind === "local" && to.kind === "remote") return await upload(context, from.path, to);
  if (from.kind === "remote" && to.kind === "local") return await download(context, from, to.path);
  throw new CommandError("One of both is a local path, and the other one is ENV:PATH.");
}

async function upload(context: Context, from: string, to: Remote): Promise<undefined> {
  const client = await context.client();
  const isStdin = from === "-";
  if (isStdin && (to.path === "" || to.path.endsWith("/"))) {
    throw new CommandError("stdin has no name: end the target with one.");
  }
  const blob = isStdin ? new Blob([await buffer(process.stdin)]) : await fileBlob(from);
  const path = targetPath(isStdin ? null : basename(from), to.path);
  const environment = await findEnvironment(client, to.environment);
  if (blob.size > formBytesMax) {
    const file = { blob, environmentId: environment, path, signal: context.signal };
    const sent = await uploadLarge(client, file);
    context.output.done(`${path}, ${sent} bytes`);
    return;
  }
  const form = new FormData();
  form.set("path", path);
  form.set("file", blob, basename(path));
  const sent = client.call(`/environments/${environment}/files/upload`, Uploaded, {
    form,
    signal: context.signal,
  });
  const { size } = await withProgress(`Uploading ${basename(path)}`, sent);
  context.output.done(`${path}, ${size} bytes`);
}

/** A pipe, and a file that the kernel makes up, has a size of 0 and its bytes all the same. */
export async function fileBlob(path: string): Promise<Blob> {
  const found = await stat(path);
  if (found.isDirectory()) throw new CommandError(`${path} is a folder.`);
  if (found.isFile() && found.size > 0) return await openAsBlob(path);
  return new Blob([await buffer(createReadStream(path))]);
}

/** A folder, which ends with `/`, keeps the file's own name. */
function targetPath(name: string | null, path: string): string {
  return name !== null && (path === "" || path.endsWith("/")) ? `${path}${name}` : path;
}

async function download(context: Context, from: Remote, to: string): Promise<undefined> {
  const client = await context.client();
  if (from.path === "" || from.path.endsWith("/")) throw new CommandError("Name one file.");
  const environment = await findEnvironment(client, from.environment);
  const pieces = piecesOf(client, {
    path: `/environments/${environment}/files/${encodedPath(from.path)}`,
    signal: context.signal,
  });
  if (to === "-") {
    for await (const piece of pieces) await context.output.bytes(piece);
    return;
  }
  const isFolder = to.endsWith("/") || (await isDirectory(to));
  const path = isFolder ? join(to, basename(from.path)) : to;
  let written = 0;
  const counted = async function* () {
    for await (const piece of pieces) {
      yield piece;
      written += piece.length;
    }
  };
  const said = () => `Downloading ${basename(path)}, ${Math.floor(written / mib)} MiB`;
  const size = await withProgress(said, writeWhole(path, counted()));
  context.output.done(`${path}, ${size} bytes`);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

interface Source {
  readonly path: string;
  readonly signal: AbortSignal;
}

/**
 * A file's bytes. An answer that breaks off is continued with the same version of the file, also if
 * nothing answers for a while.
 * @throws {CommandError} if what continues it begins elsewhere, as a whole file would.
 */
export async function* piecesOf(
  client: Pick<ApiClient, "send" | "apiUrl">,
  source: Source,
): AsyncGenerator<Uint8Array> {
  const first = await client.send(source.path, { signal: source.signal, isStream: true });
  const etag = first.headers.get("etag");
  let begin = 0;
  let vain = 0;
  for (let answer: Response | null = first; ; answer = null) {
    try {
      answer ??= await continued(client, source, { begin, etag: etag ?? "" });
      for await (const chunk of chunksOf(client, answer)) {
        begin += chunk.length;
        vain = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      vain += 1;
      if (!mayPass(error) || etag === null || source.signal.aborted) throw error;
      if (vain > vainAttemptsMax) throw error;
    }
    await wait(pauseMs * vain, undefined, { signal: source.signal });
  }
}

async function continued(
  client: Pick<ApiClient, "send">,
  { path, signal }: Source,
  { begin, etag }: { readonly begin: number; readonly etag: string },
): Promise<Response> {
  const headers = { range: `bytes=${begin}-`, "if-match": etag };
  const answer = await client.send(path, { signal, isStream: true, headers });
  const goesOn = answer.headers.get("content-range")?.startsWith(`bytes ${begin}-`) === true;
  if (answer.status === 206 && goesOn) return answer;
  await answer.body?.cancel();
  throw new CommandError("The download broke off, and what answers doesn't go on with it.");
}
