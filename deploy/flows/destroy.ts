/** `--destroy`: removes a deployment, and names what can't or mustn't be removed. */
import * as z from "zod";
import type { DeployOptions } from "../options.ts";
import { stateBucket } from "../preflight/names.ts";
import { done, heading, line, Stop } from "../print.ts";
import { applyPlan, need } from "../steps/apply.ts";
import { openMain, variablesFor } from "../steps/main-root.ts";
import { newestRelease, readLists } from "../steps/releases.ts";
import { stepAtFor } from "./rollback.ts";

const Protection = z.object({
  delete: z.boolean().default(true),
  lock_archive: z.boolean().default(false),
  lock_logs: z.boolean().default(false),
});
const unprotected = '{"protection": {"delete": false}}';

/** @throws {Stop} while protection is on, or unless the project's id is typed. */
export async function destroy(options: DeployOptions): Promise<void> {
  const at = await stepAtFor(options);
  const current = need(await newestRelease(at), "Nothing has been released from here yet.");
  const protection = Protection.parse(current.variables.protection ?? {});
  heading("What outlives it");
  const hasDomain = current.variables.profile !== "trial";
  for (const text of whatOutlives(options.project, { ...protection, hasDomain })) line(text);
  if (protection.delete) {
    throw new Stop(
      `Protection is on, so databases and buckets refuse to go. Deploy once more with --var-file and ${unprotected}, then destroy.`,
    );
  }
  heading("What goes");
  const terraform = await openMain(at, stateBucket(options.project));
  const variables = await variablesFor(at, {
    ...current,
    lists: await readLists(at, current.id),
  });
  const sha256 = await applyPlan(terraform, {
    variables,
    how: ["-destroy"],
    question: `Destroy all of it? All data of all owners is gone then.`,
    word: options.project,
    yes: options.yes,
    clock: at.clock,
  });
  done(sha256 === null ? "there was nothing left" : "destroyed, but for what is named above");
}

/** What no program can delete in Google Cloud, or not yet; each with when it disappears. */
export function whatOutlives(
  project: string,
  protection: z.infer<typeof Protection> & { readonly hasDomain: boolean },
): string[] {
  return [
    "KMS: key ring and keys keep their names for good; their versions die after 30 days.",
    "Firestore: backups of the main database, until each is 8 weeks old; `keys` has none.",
    "Buckets: a noncurrent or soft-deleted object, for as long as its bucket says.",
    protection.lock_archive
      ? "Billing records and checkpoints: locked for 7 years and 400 days; they can't be deleted, nor the project, before."
      : "Billing records and checkpoints: for 7 years and 400 days from each, unless you shorten that first.",
    protection.lock_logs
      ? "Log buckets: those of access and audit are locked for 90 and 400 days; the project can't be deleted before."
      : "Log buckets: pending deletion for 7 days.",
    "Services stay switched on; others may use them.",
    `Bootstrap stays: gs://${project}-paddock-state with states and releases, gs://${project}-paddock-build, images, secrets.`,
    "  To remove it too: set its protection.deletion to false, apply, then terraform destroy in terraform/bootstrap.",
    ...(protection.hasDomain
      ? [
          "DNS records of the domain: remove them, or the name points to an address of somebody else.",
        ]
      : []),
    `Everything at once, after 30 days: gcloud projects delete ${project}`,
  ];
}
