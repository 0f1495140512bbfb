/** Resumable uploads: a session takes bytes in any number of requests, and says how many it has. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, HttpError, readText } from "../lib/http.ts";
import { parseBody } from "./body.ts";
import { type StoredObject, UploadMetadata } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Spool } from "./spool.ts";
import { commitSpool, type Destination, readDestination } from "./uploads.ts";

const sessionsMax = 1_000;
const metadataBytesMax = 64 * 1024;
/** All requests but the last must bring a multiple of this. */
const chunkBytes = 256 * 1024;

/** The service keeps an unfinished session for a week. */
const sessionMs = 7 * 24 * 3_600_000;

/** The least and the most bytes of an object, as a signed request may demand. */
export interface LengthRange {
  readonly leastBytes: number;
  readonly mostBytes: number;
}

interface Session {
  readonly destination: Destination;
  readonly spool: Spool;
  readonly lengths: LengthRange;
  readonly startedAtMs: number;
  isBusy: boolean;
  /** Set once the upload is complete, because a client that missed the answer asks again. */
  stored: StoredObject | null;
}

export class ResumableUploads {
  readonly #store: ObjectStore;
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(store: ObjectStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** Answers with the session's address. */
  async begin(
    bucket: string,
    url: URL,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ): Promise<void> {
    const parsed = parseBody(UploadMetadata, (await readText(request, metadataBytesMax)) || "{}");
    const header = request.headers["x-upload-content-type"];
    const contentType = parsed.contentType ?? (typeof header === "string" ? header : undefined);
    const metadata = contentType === undefined ? parsed : { ...parsed, contentType };
    const destination = readDestination(this.#store, bucket, url, metadata);
    const id = await this.open(destination, anyLength);
    const path = `/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
    response.writeHead(200, { location: `${url.origin}${path}`, "content-length": 0 });
    response.end();
  }

  /** Makes a session and returns its id, which is all that is needed to send to it. */
  async open(destination: Destination, lengths: LengthRange): Promise<string> {
    await this.#makeRoom();
    const id = randomUUID();
    const spool = await this.#store.openSpool(destination.bucket);
    const started = { startedAtMs: this.#now(), isBusy: false, stored: null };
    this.#sessions.set(id, { destination, spool, lengths, ...started });
    return id;
  }

  /** Ends a session; what it has received is gone. @throws {HttpError} 404, 410. */
  async cancel(id: string): Promise<void> {
    const session = await this.#session(id);
    this.#sessions.delete(id);
    if (!session.stored) await session.spool.discard();
  }

  async #session(id: string): Promise<Session> {
    const session = this.#sessions.get(id);
    if (!session) throw new HttpError(404, "notFound", "No such upload.");
    if (this.#now() - session.startedAtMs < sessionMs) return session;
    if (!session.stored) await session.spool.discard();
    throw new HttpError(410, "gone", "The upload session has ended.");
  }

  /** Returns the stored object once it is complete; null after answering what is missing. */
  async continue(
    id: string,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ): Promise<StoredObject | null> {
    const session = await this.#session(id);
    if (session.stored) return session.stored;
    if (session.isBusy) throw new HttpError(503, "backendError", "The upload is in use.");
    session.isBusy = true;
    try {
      const isComplete = await this.#take(session, request);
      await this.#requireLength(id, session, isComplete);
      if (isComplete) {
        session.stored = await this.#commit(id, session, request);
        return session.stored;
      }
    } finally {
      session.isBusy = false;
    }
    const { sizeBytes } = session.spool;
    const range = sizeBytes > 0 ? { range: `bytes=0-${sizeBytes - 1}` } : {};
    response.writeHead(308, { ...range, "content-length": 0 });
    response.end();
    return null;
  }

  async close(): Promise<void> {
    for (const { spool, stored } of this.#sessions.values()) if (!stored) await spool.discard();
  }

  /** Takes a request's bytes. Returns whether the object is complete. */
  async #take({ spool, lengths }: Session, request: IncomingMessage): Promise<boolean> {
    const range = readContentRange(request.headers["content-range"]);
    if (range.kind === "query") return range.totalBytes === spool.sizeBytes;
    if (range.startBytes !== spool.sizeBytes) {
      const message = `Continue at ${spool.sizeBytes}, not at ${range.startBytes}.`;
      throw new HttpError(400, "invalid", message);
    }
    const { endBytes, totalBytes } = range;
    if (totalBytes !== null && totalBytes > lengths.mostBytes) {
      const message = `Your proposed upload is larger than ${lengths.mostBytes} bytes.`;
      throw new HttpError(400, "EntityTooLarge", message);
    }
    await spool.take(bodyOf(request), lengths.mostBytes);
    // The caller refuses it.
    if (spool.sizeBytes > lengths.mostBytes) return false;
    if (endBytes !== null && endBytes !== spool.sizeBytes) {
      throw new HttpError(400, "invalid", "The body isn't as long as Content-Range says.");
    }
    const isComplete = endBytes === null || endBytes === totalBytes;
    if (totalBytes !== null && isComplete !== (totalBytes === spool.sizeBytes)) return false;
    if (!isComplete && (spool.sizeBytes - range.startBytes) % chunkBytes !== 0) {
      throw new HttpError(400, "invalid", `A chunk is a multiple of ${chunkBytes} bytes.`);
    }
    return isComplete;
  }

  /** A session whose bytes can't fit any more has ended. @throws {HttpError} 400. */
  async #requireLength(id: string, session: Session, isComplete: boolean): Promise<void> {
    const { sizeBytes } = session.spool;
    const { leastBytes, mostBytes } = session.lengths;
    const isTooLarge = sizeBytes > mostBytes;
    if (!isTooLarge && (!isComplete || sizeBytes >= leastBytes)) return;
    this.#sessions.delete(id);
    await session.spool.discard();
    const reason = isTooLarge ? "EntityTooLarge" : "EntityTooSmall";
    const message = `Your proposed upload isn't of ${leastBytes} to ${mostBytes} bytes.`;
    throw new HttpError(400, reason, message);
  }

  async #commit(id: string, session: Session, request: IncomingMessage): Promise<StoredObject> {
    const hashes = request.headers["x-goog-hash"] ?? "";
    const received = { spool: session.spool, hashes: String(hashes) };
    try {
      return await commitSpool(this.#store, session.destination, received);
    } catch (failure) {
      this.#sessions.delete(id);
      await session.spool.discard();
      throw failure;
    }
  }

  /** Forgets the oldest session when there are too many. */
  async #makeRoom(): Promise<void> {
    const [oldest] = this.#sessions;
    if (this.#sessions.size < sessionsMax || !oldest) return;
    const [id, session] = oldest;
    this.#sessions.delete(id);
    if (!session.stored) await session.spool.discard();
  }
}

const anyLength: LengthRange = { leastBytes: 0, mostBytes: Number.MAX_SAFE_INTEGER };

type ContentRange =
  | { readonly kind: "query"; readonly totalBytes: number | null }
  | {
      readonly kind: "bytes";
      readonly startBytes: number;
      /** Exclusive; null to take everything that comes. */
      readonly endBytes: number | null;
      readonly totalBytes: number | null;
    };

const rangePattern = /^bytes (?:\*|(?<start>\d{1,15})-(?<end>\d{1,15}|\*))\/(?<total>\d{1,15}|\*)$/;

function readContentRange(header: string | undefined): ContentRange {
  if (header === undefined) {
    return { kind: "bytes", startBytes: 0, endBytes: null, totalBytes: null };
  }
  const { start, end, total } = rangePattern.exec(header)?.groups ?? {};
  if (total === undefined) throw new HttpError(400, "invalid", "Invalid Content-Range.");
  const totalBytes = total === "*" ? null : Number(total);
  if (start === undefined) return { kind: "query", totalBytes };
  const endBytes = end === "*" || end === undefined ? null : Number(end) + 1;
  return { kind: "bytes", startBytes: Number(start), endBytes, totalBytes };
}
