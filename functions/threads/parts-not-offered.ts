/** Parts of the public API's threads that these don't have. */
import { notOffered } from "#shared/pipeline/not-offered";

const contexts = "Context is a message's own, so its parts and actions on it aren't";
const sessions = "Sessions on one's own devices aren't";
const files = "Files as they were at a step aren't kept, so looking at them isn't";
const revert = "Files as they were at a step aren't kept, so going back to them isn't";
const logs = "Writing logs from outside isn't";

export const partsNotOffered = [
  notOffered("GET /v1/threads/:threadId/context/*", contexts),
  notOffered("POST /v1/threads/:threadId/context/*", contexts),
  notOffered("GET /v1/threads/:threadId/steps/:stepId/files", files),
  notOffered("GET /v1/threads/:threadId/steps/:stepId/file", files),
  notOffered("GET /v1/threads/:threadId/steps/:stepId/file/download", files),
  notOffered("POST /v1/threads/:threadId/steps/:stepId/revert", revert),
  notOffered("POST /v1/threads/:threadId/logs", logs),
  notOffered("GET /v1/threads/:threadId/local-sessions", sessions),
  notOffered("POST /v1/threads/:threadId/local-sessions", sessions),
  notOffered("GET /v1/threads/:threadId/local-sessions/*", sessions),
  notOffered("POST /v1/threads/:threadId/local-sessions/*", sessions),
  notOffered("POST /v1/threads/:threadId/events/ingest", sessions),
];
