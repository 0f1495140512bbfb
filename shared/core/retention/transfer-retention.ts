/** The part of the retention table that is of large files on their way. */
import { dayMs } from "./periods.ts";
import { objects, owned, type RetentionClass } from "./retention-class.ts";

export const transferRetention = {
  transfers: {
    holds: "large files on their way through signed addresses: size, path and state",
    keptMs: 8 * dayMs,
    enforcedBy: ["time to live"],
    why: "Cloud Storage keeps an upload's session for a week; nothing may be stored late.",
    places: [owned("transfers")],
  },
  transferObjects: {
    holds: "the bytes of large files on their way",
    keptMs: null,
    kept:
      "until the file is in the workspace, or for a day; then for 6 hours at most. An empty " +
      "object keeps an upload's place for 8 more days",
    enforcedBy: ["sweep"],
    routes: ["POST /internal/maintenance/objects"],
    why: "A client that was cut off continues where it was.",
    places: [
      objects({
        bucket: "workspaces",
        setting: "PADDOCK_WORKSPACE_BUCKET",
        objects: "transfers",
        goesWith: "owners/*/environments",
      }),
    ],
  },
} as const satisfies Readonly<Record<string, RetentionClass>>;
