/** Copies one file into an environment, or out of it. */
import { randomBytes } from "node:crypto";
import { openAsBlob } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import * as z from "zod";
import { type ApiClient, ApiRefusal, lost } from "../api-client.ts";
import type { Context } from "../context.ts";
import { CommandError } from "../exits.ts";
import { withProgress } from "../progress.ts";
import { findEnvironment } from "./environment-names.ts";
import { encodedPath, type Place, placeFrom } from "./places.ts";

/** A request to the platform ends at 32 MB, so files are read and written in parts below that. */
const pieceBytes = 24 * 1024 * 1024;
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
  // The platform cuts a larger body off before its refusal can be read.
  if (blob.size > pieceBytes) {
    throw new CommandError(
      `An upload holds at most ${pieceBytes} bytes, and this is ${blob.size}.`,
    );
  }
  const path = targetPath(isStdin ? null : basename(from), to.path);
  const environment = await findEnvironment(client, to.environment);
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

async function fileBlob(path: string): Promise<Blob> {
  if ((await stat(path)).isDirectory()) throw new CommandError(`${path} is a folder.`);
  return await openAsBlob(path);
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
  const size = await withProgress(`Downloading ${basename(path)}`, writeWhole(path, pieces));
  context.output.done(`${path}, ${size} bytes`);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A file has its name only once it is whole. */
async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.part`;
  const handle = await open(draft, "wx");
  try {
    const size = await writeAll(handle, pieces);
    await handle.close();
    await rename(draft, path);
    return size;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeAll(handle: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of pieces) {
    await handle.writeFile(piece);
    size += piece.length;
  }
  return size;
}

interface Source {
  readonly path: string;
  readonly signal: AbortSignal;
}

/** A file's bytes: in one answer if it is small, else in ranges of one and the same version. */
async function* piecesOf(client: ApiClient, source: Source): AsyncGenerator<Uint8Array> {
  const { path, signal } = source;
  const call = { signal, isStream: true };
  const whole = await client.send(path, call).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.code === "RANGE_REQUIRED") return error;
    throw error;
  });
  if (whole instanceof Response) return yield* chunksOf(client, whole);
  const etag = whole.headers.get("etag");
  const total = Number(/\/(\d+)$/.exec(whole.headers.get("content-range") ?? "")?.[1]);
  if (etag === null || !Number.isSafeInteger(total)) throw whole;
  for (let begin = 0; begin < total; begin += pieceBytes) {
    const last = Math.min(begin + pieceBytes, total) - 1;
    const headers = { range: `bytes=${begin}-${last}`, "if-match": etag };
    yield* chunksOf(client, await client.send(path, { ...call, headers }));
  }
}

/** @throws {ConnectionLost} if there are fewer bytes than were announced. */
async function* chunksOf(client: ApiClient, answer: Response): AsyncGenerator<Uint8Array> {
  if (!answer.body) return;
  try {
    for await (const chunk of answer.body) yield chunk;
  } catch (error) {
    throw lost(client.apiUrl, error);
  }
}
