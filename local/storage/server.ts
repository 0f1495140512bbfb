import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { onceClosed } from "#shared/http/once-closed";
import { Faults } from "../lib/faults.ts";
import {
  HttpError,
  type HttpServer,
  readText,
  requireOwnUser,
  sendJson,
  startHttpServer,
} from "../lib/http.ts";
import type { StorageCall } from "./call.ts";
import { copyObject, createBucket, patchObject } from "./changes.ts";
import { sendObject } from "./download.ts";
import { listObjects } from "./listing.ts";
import { bucketResource, objectResource, type StoredObject } from "./model.ts";
import { ObjectStore } from "./object-store.ts";
import { checkPreconditions, readPreconditions } from "./preconditions.ts";
import { ResumableUploads } from "./resumable.ts";
import type { Verifier } from "./signed-url.ts";
import { uploadMedia, uploadMultipart } from "./uploads.ts";
import { answerXml, isXmlCall } from "./xml-api.ts";

export interface StorageOptions {
  /** Buckets are in its folder `storage/`. */
  readonly dataFolder: string;
  /** Created if they don't exist yet. */
  readonly buckets: readonly string[];
  readonly port?: number | undefined;
  /**
   * Answers 403 where an object to download is missing, as Cloud Storage does to callers that may
   * not list.
   */
  readonly hidesMissing?: boolean;
  /** The accounts whose signatures open URLs; without them none does. */
  readonly keys?: Verifier["keys"];
  /** Epoch milliseconds; tests turn it on to see what expires. */
  readonly now?: () => number;
}

export interface Storage extends HttpServer {
  /** Faults that tests order for the next calls of `upload`, `signed-upload`, `download`, … */
  readonly faults: Faults;
}

/** Starts Cloud Storage's JSON API on loopback; `STORAGE_EMULATOR_HOST` is its `url`. */
export async function startStorage(options: StorageOptions): Promise<Storage> {
  const faults = new Faults();
  const store = await ObjectStore.open(join(options.dataFolder, "storage"));
  for (const bucket of options.buckets) {
    if (!store.hasBucket(bucket)) await store.createBucket(bucket, "US-CENTRAL1");
  }
  const now = options.now ?? Date.now;
  const uploads = new ResumableUploads(store, now);
  const verifier: Verifier = { keys: options.keys ?? { isSignedBy: () => false }, now };
  const server = await startHttpServer(async (request, response, url) => {
    const gone = new AbortController();
    onceClosed(response, () => gone.abort());
    if (isXmlCall(url)) {
      if (await faults.admit(signedKind(request), gone.signal)) {
        return await answerXml({ store, uploads, request, response, url }, verifier);
      }
      throw new HttpError(503, "backendError", "Refused by an ordered fault.");
    }
    // Signed addresses are for anybody; this API asks for no credential.
    await requireOwnUser(request);
    refuseUnsupported(request, url);
    if (!(await faults.admit(kindOf(request, url), gone.signal))) {
      throw new HttpError(503, "backendError", "Refused by an ordered fault.");
    }
    try {
      await route({ store, uploads, request, response, url });
    } catch (error) {
      const isMissing = error instanceof HttpError && error.status === 404;
      const isHidden = isMissing && options.hidesMissing && kindOf(request, url) === "download";
      throw isHidden ? new HttpError(403, "forbidden", "Access denied, or no such object.") : error;
    }
  }, options.port);
  return {
    ...server,
    faults,
    async close() {
      await server.close();
      await uploads.close();
    },
  };
}

function signedKind({ method }: IncomingMessage): "signed-upload" | "signed-download" {
  return method === "GET" || method === "HEAD" ? "signed-download" : "signed-upload";
}

function kindOf(request: IncomingMessage, url: URL): "upload" | "download" | "other" {
  if (url.pathname.startsWith("/upload/")) return "upload";
  const isMedia = url.searchParams.get("alt") === "media";
  return request.method === "GET" && isMedia ? "download" : "other";
}

// The client leaves `/storage/v1` out when its endpoint comes from the environment.
const segment = "([^/]+)";
const routes: readonly (readonly [
  RegExp,
  (call: StorageCall, names: string[]) => Promise<void>,
])[] = [
  [new RegExp(`^/upload/storage/v1/b/${segment}/o$`), answerUpload],
  [/^(?:\/storage\/v1)?\/b$/, answerBuckets],
  [new RegExp(`^(?:/storage/v1)?/b/${segment}$`), answerBucket],
  [new RegExp(`^(?:/storage/v1)?/b/${segment}/o$`), answerObjects],
  [new RegExp(`^(?:(?:/download)?/storage/v1)?/b/${segment}/o/${segment}$`), answerObject],
  [
    new RegExp(
      `^(?:/storage/v1)?/b/${segment}/o/${segment}/(?:copyTo|rewriteTo)/b/${segment}/o/${segment}$`,
    ),
    answerCopy,
  ],
];

async function route(call: StorageCall): Promise<void> {
  for (const [pattern, answer] of routes) {
    const match = pattern.exec(call.url.pathname);
    if (match) {
      await answer(call, match.slice(1).map(decode));
      return;
    }
  }
  throw notOffered(call);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "invalid", "The path can't be decoded.");
  }
}

const parametersNotOffered = [
  "endOffset",
  "filter",
  "includeFoldersAsPrefixes",
  "includeTrailingDelimiter",
  "destinationKmsKeyName",
  "destinationPredefinedAcl",
  "kmsKeyName",
  "matchGlob",
  "predefinedAcl",
  "predefinedDefaultObjectAcl",
  "softDeleted",
  "startOffset",
  "userProject",
  "versions",
] as const;

function refuseUnsupported(request: IncomingMessage, url: URL): void {
  const parameter = parametersNotOffered.find((name) => url.searchParams.has(name));
  const header = Object.keys(request.headers).find((name) => name.startsWith("x-goog-encryption"));
  const what = parameter ?? header;
  if (what !== undefined) throw new HttpError(501, "notImplemented", `${what} isn't offered.`);
}

function notOffered({ request, url }: StorageCall): HttpError {
  const message = `${request.method} ${url.pathname} isn't offered locally.`;
  return new HttpError(501, "notImplemented", message);
}

async function answerBuckets(call: StorageCall): Promise<void> {
  if (call.request.method !== "POST") throw notOffered(call);
  const bucket = await createBucket(call.store, await readText(call.request, 64 * 1024));
  sendJson(call.response, 200, bucketResource(bucket, call.url.origin));
}

async function answerBucket(call: StorageCall, [bucket = ""]: string[]): Promise<void> {
  if (call.request.method !== "GET") throw notOffered(call);
  sendJson(call.response, 200, bucketResource(call.store.bucket(bucket), call.url.origin));
}

async function answerObjects(call: StorageCall, [bucket = ""]: string[]): Promise<void> {
  if (call.request.method !== "GET") throw notOffered(call);
  const page = listObjects(bucket, call.store.objects(bucket), call.url);
  sendJson(call.response, 200, page);
}

async function answerUpload(call: StorageCall, [bucket = ""]: string[]): Promise<void> {
  const { store, uploads, request, url } = call;
  const type = url.searchParams.get("uploadType");
  const uploadId = url.searchParams.get("upload_id");
  if (request.method === "POST" && type === "media") {
    sendResource(call, bucket, await uploadMedia(store, bucket, call));
  } else if (request.method === "POST" && type === "multipart") {
    sendResource(call, bucket, await uploadMultipart(store, bucket, call));
  } else if (request.method === "POST" && type === "resumable") {
    await uploads.begin(bucket, url, call);
  } else if (request.method === "PUT" && uploadId !== null) {
    const stored = await uploads.continue(uploadId, call);
    if (stored) sendResource(call, bucket, stored);
  } else {
    throw notOffered(call);
  }
}

async function answerObject(call: StorageCall, [bucket = "", name = ""]: string[]): Promise<void> {
  const { store, request, response, url } = call;
  const conditions = readPreconditions(url);
  const at = { bucket, name, conditions };
  const generation = url.searchParams.get("generation");
  switch (request.method) {
    case "GET": {
      store.bucket(bucket);
      const object = store.find(bucket, name, generation);
      checkPreconditions(conditions, object, "read");
      if (url.searchParams.get("alt") !== "media") return sendResource(call, bucket, object);
      return await sendObject(store.pathOf(bucket, object), object, call);
    }
    case "DELETE":
      await store.remove(at, generation);
      response.writeHead(204);
      response.end();
      return;
    case "PATCH":
      return sendResource(call, bucket, await patchObject(store, at, request));
    default:
      throw notOffered(call);
  }
}

async function answerCopy(call: StorageCall, names: string[]): Promise<void> {
  if (call.request.method !== "POST") throw notOffered(call);
  const [bucket = "", name = "", toBucket = "", toName = ""] = names;
  const copy = await copyObject(call, { bucket, name }, { bucket: toBucket, name: toName });
  const resource = objectResource(toBucket, copy, call.url.origin);
  if (call.url.pathname.includes("/copyTo/")) {
    sendJson(call.response, 200, resource);
    return;
  }
  sendJson(call.response, 200, {
    kind: "storage#rewriteResponse",
    totalBytesRewritten: String(copy.sizeBytes),
    objectSize: String(copy.sizeBytes),
    done: true,
    resource,
  });
}

function sendResource(call: StorageCall, bucket: string, object: StoredObject): void {
  sendJson(call.response, 200, objectResource(bucket, object, call.url.origin));
}
