import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const ManifestRoute = z.object({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  path: z.string(),
  /** Every path it answers on, as find-my-way patterns. */
  paths: z.array(z.string().startsWith("/")).min(1),
  /** How often the scheduler calls it; null if it doesn't. */
  everyMs: z.int().min(1_000).nullable().default(null),
});

/** The parts of `dist/functions.json` that the local cloud reads. */
export const FunctionManifest = z.object({
  functions: z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
    z.object({
      visibility: z.enum(["edge", "internal"]),
      /** Relative to the folder of the manifest. */
      bundle: z.string(),
      nodeOptions: z.string().default(""),
      malloc: z.record(z.string(), z.string()).default({}),
      limits: z.object({ timeoutSeconds: z.int().min(1) }),
      routes: z.array(ManifestRoute),
    }),
  ),
});
export type FunctionManifest = z.infer<typeof FunctionManifest>;

/** The settings of a function's processes that Node and glibc read when they start. */
export function processSettings(
  listed: FunctionManifest["functions"][string] | undefined,
): Readonly<Record<string, string>> {
  if (listed === undefined) return {};
  const { nodeOptions, malloc } = listed;
  return { ...malloc, ...(nodeOptions !== "" && { NODE_OPTIONS: nodeOptions }) };
}

/** @throws if the build hasn't run, or wrote something else. */
export function readManifest(distFolder: string): FunctionManifest {
  return FunctionManifest.parse(
    JSON.parse(readFileSync(join(distFolder, "functions.json"), "utf8")),
  );
}
