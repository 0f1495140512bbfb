/** What evidence says of an execution's task, which is compared with the audit row of its start. */
import type * as z from "zod";
import type { Evidence } from "#shared/core/audit/evidence-format";
import { findDigestSalt, saltedDigest } from "#shared/executions/request-digest";
import type { StoredAuditRow } from "#shared/store/audit-rows";
import type { Execution } from "#shared/store/executions";

type Row = z.output<typeof StoredAuditRow>;

const pepperGone =
  "No pepper that is left gives the digest of the audit row, so the stored task isn't vouched for.";
const noDigest = "No audit row of its start has a digest of the task.";
const messageDeleted =
  "The message was deleted since, so its text can't be compared with the digest.";

/**
 * The digests have the salt of the request that started it. The content's is the one in that
 * request's audit row, and is stated only if the row has one.
 */
export function taskOf(
  { task }: Pick<Execution, "task">,
  rows: readonly Pick<Row, "action" | "facts" | "requestId">[],
): Evidence["task"] {
  const started = rows.find(({ action }) => action === "execution.started");
  const digest = started?.facts.taskDigest;
  const { model, content, instructions } = task;
  if (!started || typeof digest !== "string") {
    return { model, contentDigest: null, instructionsDigest: null, reason: noDigest };
  }
  // A message has at least one character, unless it was deleted since.
  if (content === "") {
    return { model, contentDigest: digest, instructionsDigest: null, reason: messageDeleted };
  }
  const salt = findDigestSalt(started.requestId, { text: content, digest });
  const ofInstructions =
    salt === null || instructions === null ? null : saltedDigest(salt, instructions);
  const reason = salt === null ? pepperGone : null;
  return { model, contentDigest: digest, instructionsDigest: ofInstructions, reason };
}
