import { join } from "node:path";
import { freeHost } from "../firestore/emulator.ts";
import { freePorts } from "../functions/free-ports.ts";
import { type FunctionManifest, readManifest } from "../functions/manifest.ts";
import { writeFileAtomically } from "../lib/atomic-file.ts";
import type { ComponentStack } from "./component-stack.ts";
import { type DataFolder, ensureKeyFile, openDataFolder } from "./data-folder.ts";
import type { LocalCloudOptions } from "./options.ts";

/** What is decided before anything starts, so that everything can start at once. */
export interface Layout {
  readonly options: LocalCloudOptions;
  readonly parts: ComponentStack;
  readonly folder: DataFolder;
  readonly distFolder: string;
  readonly manifest: FunctionManifest;
  /** The emulator's `host:port`. */
  readonly firestoreHost: string;
  readonly functionPorts: Readonly<Record<string, number>>;
  /** A function's own URL, without the edge, whether or not it is up. */
  urlOf(name: string): string;
}

const defaultDist = join(import.meta.dirname, "../../dist");

export async function makeLayout(
  options: LocalCloudOptions,
  parts: ComponentStack,
): Promise<Layout> {
  const distFolder = options.distFolder ?? defaultDist;
  const manifest = wantedFunctions(readManifest(distFolder), options.functions);
  const folder = await parts.start(
    "data folder",
    () => openDataFolder(options.dataFolder, options.fresh ?? false),
    (opened) => opened.release(),
  );
  const names = Object.keys(manifest.functions);
  const ports = await freePorts(names.length);
  // An emulator that runs already is used as it is.
  const firestoreHost = process.env.FIRESTORE_EMULATOR_HOST || (await freeHost());
  const pairs = names.map((name, index): [string, number] => [name, ports[index] ?? 0]);
  const functionPorts = Object.fromEntries(pairs);
  const urlOf = (name: string) => `http://127.0.0.1:${functionPorts[name] ?? 0}`;
  return { options, parts, folder, distFolder, manifest, firestoreHost, functionPorts, urlOf };
}

function wantedFunctions(
  manifest: FunctionManifest,
  wanted: readonly string[] | undefined,
): FunctionManifest {
  if (!wanted) return manifest;
  const missing = wanted.filter((name) => !manifest.functions[name]);
  if (missing.length > 0) throw new Error(`The build has no function ${missing.join(", ")}.`);
  const all = Object.entries(manifest.functions);
  return { functions: Object.fromEntries(all.filter(([name]) => wanted.includes(name))) };
}

/** The secrets, made once, and the deployment's limits, written at each start. */
export async function keptFiles({ options, folder, distFolder }: Layout) {
  const limitsFile = options.limits ? folder.file("limits.json") : null;
  if (limitsFile !== null) await writeFileAtomically(limitsFile, JSON.stringify(options.limits));
  return {
    peppersFile: await ensureKeyFile(folder.file("secrets", "peppers.json")),
    gatewayTokensFile: await ensureKeyFile(folder.file("secrets", "gateway-tokens.json")),
    limitsFile,
    modelsFile: await writtenFile(folder.file("models.json"), options.models ?? {}),
    providerKeysFile: await writtenFile(
      folder.file("secrets", "provider-keys.json"),
      options.providerKeys ?? {},
    ),
    compileCacheFolder: join(distFolder, ".compile-cache"),
  };
}

async function writtenFile(path: string, value: object): Promise<string> {
  await writeFileAtomically(path, JSON.stringify(value));
  return path;
}
