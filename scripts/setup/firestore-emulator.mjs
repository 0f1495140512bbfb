/** The Firestore emulator: found where Google's tools put it, else downloaded once. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  cacheFolder,
  downloadedJarName,
  firestoreJarLocations,
} from "../../local/firestore/jar-locations.mjs";
import { SetupError } from "./setup-error.mjs";
import { bar } from "./terminal.mjs";

/** Size as in `downloadableEmulators.ts` of firebase-tools 14; digest as Bazel rules pin it. */
const download = {
  url: `https://storage.googleapis.com/firebase-preview-drop/emulator/${downloadedJarName}`,
  bytes: 63_634_791,
  sha256: "9d43599ed6151199e8d604dc87fac51218e49e5f3a48519b1ae560bbe5e3382d",
};
const stalledMs = 30_000;

/** @returns {import("./main.mjs").Finding} */
export function checkFirestoreEmulator(environment = process.env) {
  if (environment.FIRESTORE_EMULATOR_HOST) {
    return { state: "ready", note: `running at ${environment.FIRESTORE_EMULATOR_HOST}` };
  }
  const found = firestoreJarLocations(environment).find((path) => existsSync(path));
  if (found) return { state: "ready", note: found };
  if (environment.FIRESTORE_EMULATOR_JAR) {
    const path = environment.FIRESTORE_EMULATOR_JAR;
    return { state: "missing", sentences: [`FIRESTORE_EMULATOR_JAR names no file: ${path}`] };
  }
  return {
    state: "fixable",
    doing: `downloading ${megabytes(download.bytes)} MB from Google`,
    fix: (progress) => fetchJar(cacheFolder(environment), progress),
  };
}

/**
 * Downloaded next to its place and moved once its digest is right, so a partial file is never used.
 */
export async function fetchJar(folder, progress, source = download) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, downloadedJarName);
  const partial = `${path}.${process.pid}.partial`;
  try {
    const digest = await stream(source, partial, progress);
    if (digest !== source.sha256) {
      throw new SetupError(
        "The Firestore emulator came with a wrong checksum and was thrown away: run this again, " +
          "or set FIRESTORE_EMULATOR_JAR to a copy you trust.",
      );
    }
    renameSync(partial, path);
    return path;
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(
      "The Firestore emulator can't be downloaded: connect this machine, or install it with " +
        "`gcloud components install cloud-firestore-emulator`, or set FIRESTORE_EMULATOR_JAR.",
      `      ${error.cause?.message ?? error.message}`,
    );
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Opens the file before anything comes: one that was opened later could outlive its removal. */
async function stream(source, path, progress) {
  const file = await open(path, "w");
  const abort = new AbortController();
  const watchdog = setTimeout(() => abort.abort(), stalledMs);
  const hash = createHash("sha256");
  let bytes = 0;
  async function* measured(chunks) {
    for await (const chunk of chunks) {
      watchdog.refresh();
      bytes += chunk.length;
      if (bytes > source.bytes) throw new Error("more bytes than expected");
      hash.update(chunk);
      const share = bytes / source.bytes;
      progress.update(`${bar(share)} ${megabytes(bytes)} of ${megabytes(source.bytes)} MB`);
      yield chunk;
    }
  }
  try {
    const response = await fetch(source.url, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`${source.url}: HTTP ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), measured, file.createWriteStream());
    return hash.digest("hex");
  } finally {
    clearTimeout(watchdog);
    await file.close().catch(() => undefined);
  }
}

function megabytes(bytes) {
  return (bytes / 1_000_000).toFixed(0);
}
