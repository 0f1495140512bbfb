/** Parts of the public API's threads that these don't have. */
import { notOffered } from "#shared/pipeline/not-offered";

const contexts = "The context of a language model isn't";
const sessions = "Sessions on one's own devices aren't";

export const partsNotOffered = [
  notOffered("GET /v1/threads/:threadId/context", contexts),
  notOffered("GET /v1/threads/:threadId/context/*", contexts),
  notOffered("POST /v1/threads/:threadId/context/*", contexts),
  notOffered("GET /v1/threads/:threadId/local-sessions", sessions),
  notOffered("POST /v1/threads/:threadId/local-sessions", sessions),
  notOffered("GET /v1/threads/:threadId/local-sessions/*", sessions),
  notOffered("POST /v1/threads/:threadId/local-sessions/*", sessions),
  notOffered("POST /v1/threads/:threadId/events/ingest", sessions),
];
