/**
 * The part of the XML API that signed URLs need: a resumable upload is started, continued, asked
 * about and cancelled, and an object is read. Only a signature or a session opens it.
 */
import type { IncomingMessage } from "node:http";
import { HttpError, readText } from "../lib/http.ts";
import type { StorageCall } from "./call.ts";
import { sendObject } from "./download.ts";
import { checkPreconditions, type Preconditions } from "./preconditions.ts";
import type { LengthRange } from "./resumable.ts";
import { isSigned, requireSigned, type Verifier } from "./signed-url.ts";
import { checkName } from "./uploads.ts";

const path = /^\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])\/(.+)$/;
/** Answers of uploads that were cancelled have this status. */
const cancelled = 499;

/** Whether this is a call of the XML API. */
export function isXmlCall(url: URL): boolean {
  const isOther = url.pathname.startsWith("/upload/") || url.pathname.startsWith("/storage/");
  return !isOther && path.test(url.pathname) && (isSigned(url) || hasSession(url));
}

function hasSession(url: URL): boolean {
  return url.searchParams.has("upload_id");
}

/** Answers in the XML API's form, refusals as well. */
export async function answerXml(call: StorageCall, verifier: Verifier): Promise<void> {
  try {
    await (hasSession(call.url) ? answerSession(call) : answerSigned(call, verifier));
  } catch (failure) {
    if (!(failure instanceof HttpError) || call.response.headersSent) throw failure;
    await refuse(call, failure);
  }
}

/** A session's address is all that is needed to send to it, so nothing else is checked. */
async function answerSession(call: StorageCall): Promise<void> {
  const { uploads, request, response, url } = call;
  const id = url.searchParams.get("upload_id") ?? "";
  switch (request.method) {
    case "PUT": {
      const stored = await uploads.continue(id, call);
      if (stored === null) return;
      response.writeHead(200, {
        etag: `"${Buffer.from(stored.md5Hash, "base64").toString("hex")}"`,
        "x-goog-generation": stored.generation,
        "x-goog-stored-content-length": String(stored.sizeBytes),
        "content-length": 0,
      });
      response.end();
      return;
    }
    case "DELETE":
      await uploads.cancel(id);
      response.writeHead(cancelled, { "content-length": 0 });
      response.end();
      return;
    default:
      throw notOffered(call);
  }
}

async function answerSigned(call: StorageCall, verifier: Verifier): Promise<void> {
  const { store, request, url } = call;
  const signed = requireSigned(verifier, request, url);
  const [, bucket = "", encoded = ""] = path.exec(url.pathname) ?? [];
  const name = checkName(decodeURIComponent(encoded));
  store.bucket(bucket);
  switch (request.method) {
    case "POST":
      return await beginUpload(call, { bucket, name }, signed);
    case "GET":
    case "HEAD": {
      const object = store.find(bucket, name);
      return await sendObject(store.pathOf(bucket, object), object, call, saidBy(url));
    }
    default:
      throw notOffered(call);
  }
}

async function beginUpload(
  { store, uploads, request, response, url }: StorageCall,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  signed: ReadonlySet<string>,
): Promise<void> {
  if (request.headers["x-goog-resumable"] !== "start" || !signed.has("x-goog-resumable")) {
    throw new HttpError(400, "InvalidArgument", "A signed POST begins a resumable upload.");
  }
  if ((await readText(request, 0)) !== "") {
    throw new HttpError(400, "InvalidArgument", "The request that begins it has no body.");
  }
  const conditions = conditionsIn(request);
  checkPreconditions(conditions, store.current(bucket, name), "write");
  const metadata = describedIn(request);
  const id = await uploads.open({ bucket, name, conditions, metadata }, lengthsIn(request));
  const location = new URL(url);
  location.searchParams.set("upload_id", id);
  response.writeHead(201, { location: location.href, "content-length": 0 });
  response.end();
}

/** What the sender says of the content, which needn't be signed. */
function describedIn({ headers }: IncomingMessage) {
  const { "content-type": contentType, "content-encoding": contentEncoding } = headers;
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  };
}

function conditionsIn(request: IncomingMessage): Preconditions {
  const read = (name: string) => {
    const value = request.headers[`x-goog-if-${name}`];
    if (value === undefined) return null;
    if (typeof value !== "string" || !/^\d{1,19}$/.test(value)) {
      throw new HttpError(400, "InvalidArgument", `x-goog-if-${name} isn't a number.`);
    }
    return value;
  };
  return {
    generationMatch: read("generation-match"),
    generationNotMatch: null,
    metagenerationMatch: read("metageneration-match"),
    metagenerationNotMatch: null,
  };
}

function lengthsIn(request: IncomingMessage): LengthRange {
  const header = request.headers["x-goog-content-length-range"];
  if (header === undefined) return { leastBytes: 0, mostBytes: Number.MAX_SAFE_INTEGER };
  const [, least = "", most = ""] = /^(\d{1,15}),(\d{1,15})$/.exec(String(header)) ?? [];
  if (least === "" || Number(least) > Number(most)) {
    throw new HttpError(400, "InvalidArgument", "x-goog-content-length-range isn't LEAST,MOST.");
  }
  return { leastBytes: Number(least), mostBytes: Number(most) };
}

/** The signer may say what the answer calls its content. */
function saidBy({ searchParams }: URL): Readonly<Record<string, string>> {
  const said = ["content-disposition", "content-type"].flatMap((name) => {
    const value = searchParams.get(`response-${name}`);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(said);
}

function notOffered({ request, url }: StorageCall): HttpError {
  return new HttpError(501, "NotImplemented", `${request.method} ${url.pathname} isn't offered.`);
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

async function refuse(
  { request, response }: StorageCall,
  { status, reason, message }: HttpError,
): Promise<void> {
  // What is left unread would be taken for the next request.
  if (!request.complete) response.setHeader("connection", "close");
  const text = message.replace(/[&<>]/g, (character) => escapes[character] ?? character);
  const body =
    "<?xml version='1.0' encoding='UTF-8'?>" +
    `<Error><Code>${reason}</Code><Message>${text}</Message></Error>`;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    "content-type": "application/xml; charset=UTF-8",
    "content-length": bytes.length,
  });
  response.end(bytes);
}
