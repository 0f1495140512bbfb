import { relative } from "node:path";
import { bundle } from "../scripts/build/bundle.ts";
import type { BundleEntry } from "../scripts/build/entries.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";

const names = [
  "hello",
  "firestore-client",
  "gate-starts",
  "one-get",
  "plain-gate",
  "plain-start",
  "sandbox-timer",
] as const;
export type BareName = (typeof names)[number];

/** Bundles the baselines into `folder`, by the same rules as the functions. */
export async function bundleBare(folder: string): Promise<void> {
  const entries = names.map(
    (output): BundleEntry => ({
      output,
      source: `bench/baselines/${output}.ts`,
      kind: "program",
    }),
  );
  await bundle(repositoryRoot, relative(repositoryRoot, folder), entries);
}
