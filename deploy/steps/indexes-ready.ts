/**
 * Waits until Firestore has built its indexes and applied its field settings. Terraform only orders
 * them (`skip_wait`): one by one they would take most of an hour, without a word.
 */
import * as z from "zod";
import { waitUntil } from "../clock.ts";
import { detail, done, Stop } from "../print.ts";
import type { DeployContext } from "./deploy-context.ts";

const databases = ["(default)", "keys"];
const perPage = 300;
const pagesMax = 10;
/** Empty collections take minutes; a new index on a full one may take hours. */
const patience = { everyMs: 15_000, withinMs: 60 * 60_000 };
const notYetExitCode = 3;
/** FirestoreAdmin lists only the fields that were set by themselves, and wants to be told so. */
const overridden = encodeURIComponent("indexConfig.usesAncestorConfig:false OR ttlConfig:*");

const Index = z.object({ name: z.string(), state: z.string().default("READY") });
const Indexes = z.object({
  indexes: z.array(Index).default([]),
  nextPageToken: z.string().optional(),
});
const Fields = z.object({
  fields: z
    .array(
      z.object({
        name: z.string(),
        indexConfig: z
          .object({
            indexes: z.array(z.object({ state: z.string().default("READY") })).default([]),
          })
          .default({ indexes: [] }),
        ttlConfig: z.object({ state: z.string().default("ACTIVE") }).optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

interface Built {
  readonly name: string;
  readonly state: "building" | "ready" | "broken";
}

/** @throws {Stop} With exit code 3, if they aren't ready for too long; or if one is broken. */
export async function untilIndexesAreReady(context: DeployContext): Promise<void> {
  let told = -1;
  const all = await waitUntil(context.clock, patience, async () => {
    const built = (
      await Promise.all(databases.map(async (id) => await builtIn(context, id)))
    ).flat();
    const broken = built.find(({ state }) => state === "broken");
    if (broken !== undefined) {
      throw new Stop(
        `Firestore couldn't build ${broken.name}. Delete it (gcloud firestore indexes composite delete, or reset the field), then run the same command again.`,
      );
    }
    const ready = built.filter(({ state }) => state === "ready").length;
    if (ready === built.length) return built;
    if (ready !== told) detail(`${ready} of ${built.length} indexes and field settings are ready`);
    told = ready;
    return null;
  });
  if (all === null) {
    const sentence = "Firestore is still building indexes; queries that need them fail until then.";
    throw new Stop(`${sentence} Run the same command again later.`, notYetExitCode);
  }
  done(`${all.length} indexes and field settings are ready`);
}

async function builtIn({ google, options }: DeployContext, database: string): Promise<Built[]> {
  const groups = `https://firestore.googleapis.com/v1/projects/${options.project}/databases/${database}/collectionGroups/-`;
  const indexes = await google.askPages(`${groups}/indexes?pageSize=${perPage}`, Indexes, pagesMax);
  const list = `${groups}/fields?filter=${overridden}&pageSize=${perPage}`;
  const fields = await google.askPages(list, Fields, pagesMax);
  if (!indexes.ok) throw new Stop(`The indexes of ${database} can't be listed: ${indexes.message}`);
  if (!fields.ok) throw new Stop(`The fields of ${database} can't be listed: ${fields.message}`);
  return [
    ...indexes.value
      .flatMap((page) => page.indexes)
      .map(({ name, state }) => ({
        name,
        state: stateOf([state]),
      })),
    ...fields.value
      .flatMap((page) => page.fields)
      .map(({ name, indexConfig, ttlConfig }) => ({
        name,
        state: stateOf([
          ...indexConfig.indexes.map(({ state }) => state),
          ...(ttlConfig === undefined ? [] : [ttlConfig.state]),
        ]),
      })),
  ];
}

function stateOf(states: readonly string[]): Built["state"] {
  if (states.includes("NEEDS_REPAIR")) return "broken";
  return states.includes("CREATING") ? "building" : "ready";
}
