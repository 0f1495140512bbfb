/**
 * A commit whose answer was lost is taken for done if its audit rows are there. So a row whose id
 * isn't random may be another request's, and then a change that was never stored is answered with
 * success. Such ids are in the places alone that are listed here.
 */
import { findUnlistedCalls } from "./listed-calls.ts";
import {
  type Finding,
  isNode,
  lastNameOf,
  type SourceFile,
  type SyntaxNode,
} from "./source-file.ts";

const folders = /^(functions|shared)\//;
const message =
  "a derived id may be another commit's row: take a new one, or list the place in derived-row-rules.ts";

/** Why a row that is there already can't stand for another change. */
const places: Readonly<Record<string, string>> = {
  "functions/account/download-archive.ts": "the row is all that the commit stores",
  "functions/maintenance/check-ledgers.ts": "the row is all that the commit stores",
  "shared/environments/default-environment.ts": "its id has the request's",
  "shared/exports/build-export.ts": "its commits aren't looked for afterwards",
  "shared/incidents/open-incident.ts": "its commits aren't looked for afterwards",
  "shared/pipeline/parse-and-read.ts": "names no row: the type of its kind leaves them out",
  "shared/quotas/count-download.ts": "its commits aren't looked for afterwards",
};

export const derivedRowPlaces = Object.keys(places);

export function findDerivedRows(source: SourceFile): Finding[] {
  return findUnlistedCalls(source, { folders, places, isMeant: mayNameRow, message });
}

function mayNameRow({ callee, arguments: given }: SyntaxNode): boolean {
  const [kind] = Array.isArray(given) ? given : [];
  // A kind that isn't written out could be a row's.
  const isOther = isNode(kind) && kind.type === "Literal" && kind.value !== "auditRow";
  return lastNameOf(callee) === "derivedId" && !isOther;
}
