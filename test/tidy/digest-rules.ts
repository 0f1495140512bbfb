/**
 * Who reads the database alone finds what a plain digest was made from, if it was short: a PIN
 * takes milliseconds. So a digest of what somebody sends is keyed, but in the places that are
 * listed here.
 */
import { findUnlistedCalls } from "./listed-calls.ts";
import { type Finding, lastNameOf, type SourceFile, type SyntaxNode } from "./source-file.ts";

const folders = /^(functions|shared|runner)\//;
const message =
  "a plain digest tells what it was made from: key it, or list the place in digest-rules.ts";

/** Why nobody learns anything from the digests of each place. */
const places: Readonly<Record<string, string>> = {
  "functions/files/pack-transfer.ts": "names an object that lies beside it",
  "functions/files/upload-file.ts": "names an object that lies beside it",
  "functions/git/compare-file.ts": "isn't stored",
  "functions/meta/static-answer.ts": "of what is public",
  "functions/runner-gateway/put-object.ts": "isn't stored",
  "runner/agent/language/repetition.ts": "isn't stored",
  "runner/egress/execution-ca.ts": "of a public key",
  "runner/supervisor/gateway.ts": "isn't stored",
  "runner/supervisor/save-workspace.ts": "names an object that lies beside it",
  "runner/supervisor/scan-workspace.ts": "of a file that lies beside it",
  "shared/core/audit/canonical-bytes.ts": "of rows, whose details have a salt",
  "shared/core/audit/heads-map.ts": "of heads, at positions that are keyed",
  "shared/core/audit/heads.ts": "of heads",
  "shared/core/audit/merkle-tree.ts": "of rows, whose details have a salt",
  "shared/core/audit/signed-note.ts": "of a public key",
  "shared/core/executions/ticket.ts": "of 256 random bits",
  "shared/core/ids.ts": "of ids, and of keys of repeated requests, which are no secrets",
  "shared/core/keys/api-key.ts": "of 224 random bits",
  "shared/core/money/billing-archive.ts": "of an object that lies beside it",
  "shared/core/triggers/verify-webhook.ts": "of a delivery, whose message has its text",
  "shared/core/workspace/conflict-name.ts": "of a file that lies beside it, cut to eight digits",
  "shared/core/workspace/manifest-bytes.ts": "names an object that lies beside it",
  "shared/deletion/account-deletion.ts": "of 256 random bits",
  "shared/executions/request-digest.ts": "of requests before digests were keyed, and with a salt",
  "shared/exports/write-archive.ts": "of an archive that lies beside it",
  "shared/google/objects.ts": "names an object that lies beside it",
  "shared/identity/operators.ts": "of an operator's address, which lies beside it",
  "shared/quotas/store-object.ts": "names an object that lies beside it",
};

export const digestPlaces = Object.keys(places);

export function findPlainDigests(source: SourceFile): Finding[] {
  const isMeant = ({ callee }: SyntaxNode) => lastNameOf(callee) === "createHash";
  return findUnlistedCalls(source, { folders, places, isMeant, message });
}
