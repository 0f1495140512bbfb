/** Renders what comes from the retention table: `docs/retention.md` and Terraform's periods. */

import { type Exported, exportTable } from "#shared/core/retention/export-table";
import { dayMs, hourMs } from "#shared/core/retention/periods";
import type { RetentionClass, RetentionPlace } from "#shared/core/retention/retention-class";
import { collectionPlaces, groupOf, logPlaces } from "#shared/core/retention/retention-places";
import {
  checkpointsLockedMs,
  restorableMs,
  retention,
} from "#shared/core/retention/retention-table";
import { code, generatedNotice, table } from "./markdown.ts";

const source = "shared/core/retention/retention-table.ts";

/** `docs/retention.md`: the retention table. */
export function renderRetention(): string {
  const classes: readonly RetentionClass[] = Object.values(retention);
  return [
    "# Retention",
    "",
    generatedNotice(source),
    "",
    "How long everything that a deployment stores is kept, where it lies, and what enforces it.",
    "Expiry dates, Firestore's times to live and Terraform's periods come from the same table, and a",
    "test fails on a collection or a kind of object that it doesn't name. What goes with something",
    "else is a copy of it or a part of it, and is listed beside it.",
    "",
    ...table(
      ["what", "how long", "where", "enforced by", "why"],
      classes.map((each) => [
        each.holds,
        periodOf(each),
        each.places.map(placeText).join("<br>"),
        [...each.enforcedBy, ...(each.routes ?? []).map(code)].join(", "),
        each.why,
      ]),
    ),
    "",
    "The time to live is Firestore's, on the field `expireAt`. Firestore mostly deletes a document within",
    "a day after it has expired, and doesn't promise when, so no answer shows an expired document.",
    "",
    "## What an export has",
    "",
    "An account's [export](export.md) has each collection in a file, or leaves it out for a reason. The",
    "compiler fails on a collection of which `shared/core/retention/export-table.ts` says neither.",
    "",
    ...table(["collection", "in the export"], Object.entries(exportTable).map(exportRow)),
    "",
  ].join("\n");
}

/** `terraform/retention.json`, which the main root reads. */
export function renderRetentionPeriods(): string {
  const days = (ms: number) => ms / dayMs;
  const periods = {
    backup_weeks: days(retention.backups.keptMs) / 7,
    bucket_days: {
      archive: days(retention.billingArchive.keptMs),
      checkpoints: days(checkpointsLockedMs),
      exports: days(retention.accountExports.keptMs),
    },
    database_of: Object.fromEntries(
      collectionPlaces
        .filter(({ database }) => database !== "main")
        .map((place) => [groupOf(place), place.database]),
    ),
    log_days: Object.fromEntries(
      logPlaces.map(({ bucket, class: { keptMs } }) => [bucket, days(keptMs ?? 0)]),
    ),
    restorable_days: days(restorableMs),
  };
  return `${JSON.stringify(periods, null, 2)}\n`;
}

function exportRow([path, exported]: [string, Exported]): string[] {
  return [code(path), "file" in exported ? code(exported.file) : `no: ${exported.leftOut}`];
}

function periodOf({ keptMs, kept }: RetentionClass): string {
  if (kept !== undefined || keptMs === null) return kept ?? "";
  const [count, unit] = keptMs % dayMs === 0 ? [keptMs / dayMs, "day"] : [keptMs / hourMs, "hour"];
  return `${count.toLocaleString("en-US")} ${unit}${count === 1 ? "" : "s"}`;
}

function placeText(place: RetentionPlace): string {
  switch (place.kind) {
    case "collection": {
      const where = place.database === "keys" ? ", in the database `keys`" : "";
      return `${code(place.path)}${where}${goesWith(place)}`;
    }
    case "objects":
      return `bucket ${code(place.bucket)}: ${place.objects}${goesWith(place)}`;
    case "logs":
      return `log bucket ${code(place.bucket)}`;
    case "copies":
      return place.copies;
  }
}

function goesWith({ goesWith: source }: { readonly goesWith?: string }): string {
  return source === undefined ? "" : ` (goes with ${code(source)})`;
}
