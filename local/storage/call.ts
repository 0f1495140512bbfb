import type { IncomingMessage, ServerResponse } from "node:http";
import type { ObjectStore } from "./object-store.ts";
import type { ResumableUploads } from "./resumable.ts";

/** A request to Cloud Storage, and what is needed to answer it. */
export interface StorageCall {
  readonly store: ObjectStore;
  readonly uploads: ResumableUploads;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}
