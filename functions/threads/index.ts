/** Threads: conversations whose messages are executed, and streamed while they are. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { cancelExecution } from "./cancel-execution.ts";
import { createThread } from "./create-thread.ts";
import { deleteMessage } from "./delete-message.ts";
import { deleteThread } from "./delete-thread.ts";
import { getStatus } from "./get-status.ts";
import { getThread } from "./get-thread.ts";
import { listMessages } from "./list-messages.ts";
import { partsNotOffered } from "./parts-not-offered.ts";
import { sendMessage } from "./send-message.ts";
import { streamThreadEvents } from "./stream-thread-events.ts";

export const service: Service = {
  name: "threads",
  summary: "Threads, messages and their streams",
  visibility: "edge",
  routes: [
    createThread,
    getThread,
    getStatus,
    listMessages,
    sendMessage,
    streamThreadEvents,
    cancelExecution,
    deleteThread,
    deleteMessage,
    ...partsNotOffered,
  ],
  // A stream ends itself after 15 minutes, shortly before the platform would.
  limits: { ...defaultLimits, concurrency: 200, memoryMib: 1_024, timeoutSeconds: 960 },
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.run",
    "kms.wrap.environment-secrets",
    "secret.peppers",
  ],
};
