import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { processSettings, readManifest } from "../../local/functions/manifest.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { residentMb, startFunction } from "../function-child.ts";
import { newEnvironment, newOwner } from "../owners.ts";

const mb = 1_000_000;
const sizesMb = { small: 20, large: { short: 100, full: 500 } };
/** What the command line sends at once. */
const chunkBytes = 8 * 1024 * 1024;

const Request = z.object({
  url: z.string(),
  method: z.string(),
  headers: z.record(z.string(), z.string()),
});
const Begun = z.object({ upload: z.object({ id: z.string(), request: Request }) });
const Signed = z.object({ download: z.object({ request: Request }) });

/** One `files` process, and Cloud Storage's stand-in without it. */
interface Place {
  readonly url: string;
  readonly key: string;
  readonly environmentId: string;
  readonly bucketUrl: string;
}

/**
 * Files both ways: small ones through the function, large ones through signed requests. All
 * processes share this machine, so the rates are its own; the memory is the function's.
 */
export const files: Figure = {
  name: "files",
  title: "Files",
  async run(bench) {
    const { key } = await newOwner(bench);
    const environmentId = await newEnvironment(bench, key, { computeProfile: "standard" });
    const child = await startFunction({
      bundle: join(bench.distFolder, "functions/files.cjs"),
      environment: {
        ...bench.environment,
        ...bench.accounts?.files,
        ...processSettings(readManifest(bench.distFolder).functions.files),
      },
      first: { path: `/v1/environments/${environmentId}/files`, key, status: 200 },
    });
    try {
      const place = { url: child.url, key, environmentId, bucketUrl: bucketUrlOf(bench) };
      const idleMb = residentMb(child.pid).now;
      const most = (what: string): Row => ({
        what: `${what}: memory, the most so far`,
        unit: "MB",
        value: residentMb(child.pid).most,
        baseline: { what: "idle", value: idleMb },
        goal: { of: "value", atMost: 150 },
      });
      const large = sizesMb.large[bench.effort];
      return [
        ...(await largeRows(place, large)),
        most(`${large} MB`),
        ...(await smallRows(place, sizesMb.small)),
        most(`${sizesMb.small} MB`),
      ];
    } finally {
      await child.stop();
    }
  },
};

function bucketUrlOf({ environment }: Bench): string {
  const { STORAGE_EMULATOR_HOST: host = "", PADDOCK_WORKSPACE_BUCKET: bucket = "" } = environment;
  return `${host}/upload/storage/v1/b/${bucket}/o`;
}

async function smallRows(place: Place, sizeMb: number): Promise<Row[]> {
  const bytes = newBytes(sizeMb);
  const path = "small.bin";
  return [
    await rate(`${sizeMb} MB up through the function`, bytes, {
      ours: async () => {
        const form = new FormData();
        form.set("file", new Blob([bytes]), path);
        await asked(place, "POST", "files/upload", form);
      },
      bare: async () => await storeBare(place, bytes),
    }),
    await rate(`${sizeMb} MB down through the function`, bytes, {
      ours: async () => await readAll(await asked(place, "GET", `files/${path}`), bytes),
      bare: async () => await readBare(place, bytes),
    }),
  ];
}

async function largeRows(place: Place, sizeMb: number): Promise<Row[]> {
  const bytes = newBytes(sizeMb);
  const path = "large.bin";
  const send = async () => {
    const body = JSON.stringify({ path, size: bytes.length });
    const begun = Begun.parse(await (await asked(place, "POST", "uploads", body)).json());
    const { id, request } = begun.upload;
    const { headers } = await fetch(request.url, request);
    await sendChunks(headers.get("location") ?? "", bytes);
    await asked(place, "POST", `uploads/${id}/complete`);
  };
  const read = async () => {
    const answer = await asked(place, "POST", "downloads", JSON.stringify({ path }));
    const { download } = Signed.parse(await answer.json());
    await readAll(await fetch(download.request.url), bytes);
  };
  const bareRead = async () => await readBare(place, bytes);
  return [
    await rate(`${sizeMb} MB up by signed requests`, bytes, {
      ours: send,
      bare: async () => await storeBare(place, bytes),
    }),
    await rate(`${sizeMb} MB down by a signed request`, bytes, { ours: read, bare: bareRead }),
    await rate(`${sizeMb} MB down through the function`, bytes, {
      ours: async () => await readAll(await asked(place, "GET", `files/${path}`), bytes),
      bare: bareRead,
    }),
  ];
}

async function sendChunks(session: string, bytes: Buffer<ArrayBuffer>): Promise<void> {
  for (let begin = 0; begin < bytes.length; begin += chunkBytes) {
    const body = bytes.subarray(begin, begin + chunkBytes);
    const range = `bytes ${begin}-${begin + body.length - 1}/${bytes.length}`;
    const headers = { "content-range": range };
    const answer = await fetch(session, { method: "PUT", headers, body, redirect: "manual" });
    if (answer.status !== 200 && answer.status !== 308) throw new Error(`${answer.status}`);
  }
}

/** Bytes per second of each way, once; the bare way sends or reads the same bytes. */
async function rate(
  what: string,
  { length }: Buffer,
  ways: { readonly ours: () => Promise<void>; readonly bare: () => Promise<void> },
): Promise<Row> {
  const mbPerSecond = async (way: () => Promise<void>) => {
    const beganAt = performance.now();
    await way();
    return length / mb / ((performance.now() - beganAt) / 1_000);
  };
  const bare = await mbPerSecond(ways.bare);
  const value = await mbPerSecond(ways.ours);
  return { what, unit: "MB/s", value, baseline: { what: "Storage alone", value: bare } };
}

function newBytes(sizeMb: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(sizeMb * mb);
  for (let at = 0; at < bytes.length; at += mb) randomBytes(mb).copy(bytes, at);
  return bytes;
}

async function asked(
  { url, key, environmentId }: Place,
  method: string,
  path: string,
  body?: string | FormData,
): Promise<Response> {
  const answer = await fetch(`${url}/v1/environments/${environmentId}/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(typeof body === "string" ? { "content-type": "application/json" } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
  if (answer.ok) return answer;
  throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

async function storeBare({ bucketUrl }: Place, body: Buffer<ArrayBuffer>): Promise<void> {
  const url = `${bucketUrl}?uploadType=media&name=bare`;
  const answer = await fetch(url, { method: "POST", body });
  if (!answer.ok) throw new Error(`Storage answered ${answer.status}`);
  await answer.arrayBuffer();
}

async function readBare({ bucketUrl }: Place, bytes: Buffer<ArrayBuffer>): Promise<void> {
  const url = `${bucketUrl.replace("/upload/", "/download/")}/bare?alt=media`;
  await readAll(await fetch(url), bytes);
}

async function readAll(answer: Response, { length }: Buffer): Promise<void> {
  let read = 0;
  for await (const chunk of answer.body ?? []) read += chunk.length;
  if (read !== length) throw new Error(`${read} bytes instead of ${length}`);
}
