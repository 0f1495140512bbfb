/**
 * What an environment's configuration builds: a layer, which is a folder of programs and packages
 * that its executions find read-only in their sandbox. Pure.
 */
import { layerFolder, sandboxPath } from "../../protocol/sandbox-paths.ts";
import { digestOf } from "../audit/canonical-bytes.ts";
import { type Instruction, type ReadDockerfile, readDockerfile } from "./dockerfile.ts";

export const packageTypes = ["system", "python", "node"] as const;
export type PackageType = (typeof packageTypes)[number];

/** The part of an environment that is built. */
export interface LayerConfig {
  readonly runtimes: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<PackageType, readonly string[]>>;
  readonly dockerfileExtensions: string | null;
}

interface Variable {
  readonly key: string;
  readonly value: string;
}

/** The runtimes of the runner's image. A layer can't bring others. */
export const availableRuntimes = {
  python: ["3.11"],
  nodejs: ["24"],
  go: [],
  php: [],
  java: [],
  ruby: [],
  rust: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Part of the hash: another number makes all layers be built again. */
const formatVersion = 1;

/**
 * The forms of a package's name, with its version. None can begin with a hyphen, which installers
 * would take for an option, and none can name a file or an address.
 */
const packageForms: Readonly<Record<PackageType, RegExp>> = {
  system: /^[a-z0-9][a-z0-9+.-]{1,100}(?:=[A-Za-z0-9.+:~-]{1,100})?$/,
  python:
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}(?:\[[A-Za-z0-9._,-]{1,100}\])?(?:[=<>!~][A-Za-z0-9.*+!=<>~,_-]{1,100})?$/,
  node: /^(?:@[a-z0-9][a-z0-9._-]{0,100}\/)?[a-z0-9][a-z0-9._-]{0,100}(?:@[A-Za-z0-9^~<>=*][A-Za-z0-9.^~<>=*+-]{0,100})?$/,
};

/** Whether there is anything to build. */
export function needsLayer({ runtimes, packages, dockerfileExtensions }: LayerConfig): boolean {
  const hasPackages = packageTypes.some((type) => packages[type].length > 0);
  return (
    hasPackages || Object.keys(runtimes).length > 0 || (dockerfileExtensions ?? "").trim() !== ""
  );
}

/** Names what a configuration builds. The order of packages doesn't count. */
export function layerHash({ runtimes, packages, dockerfileExtensions }: LayerConfig): string {
  const sorted = packageTypes.map((type) => [...new Set(packages[type])].sort());
  const extensions = dockerfileExtensions?.trim() || null;
  return digestOf({ formatVersion, runtimes, packages: sorted, extensions });
}

/** Why a configuration can't be built, in sentences; empty if it can. */
export function layerFaults(config: LayerConfig): string[] {
  const { runtimes, packages, dockerfileExtensions } = config;
  return [
    ...Object.entries(runtimes).flatMap(([name, version]) => runtimeFault(name, version)),
    ...packageTypes.flatMap((type) =>
      packages[type].flatMap((name) =>
        packageForms[type].test(name)
          ? []
          : [
              `${JSON.stringify(name)} isn't the name of a ${type} package, with or without a version.`,
            ],
      ),
    ),
    ...read(dockerfileExtensions).faults,
  ];
}

function runtimeFault(name: string, version: string): string[] {
  const versions: readonly string[] =
    Object.entries(availableRuntimes).find(([each]) => each === name)?.[1] ?? [];
  const isThere = versions.some(
    (each) => version === each || version.startsWith(`${each}.`) || each.startsWith(`${version}.`),
  );
  if (isThere || (version === "latest" && versions.length > 0)) return [];
  const offered = Object.entries(availableRuntimes).flatMap(([each, all]) =>
    all.map((one) => `${each} ${one}`),
  );
  return [`There is no ${name} ${version} here: the image has ${offered.join(" and ")}.`];
}

/** What an execution that has the layer finds in its variables, before its environment's own. */
export function layerVariables(config: Pick<LayerConfig, "dockerfileExtensions">): Variable[] {
  const variables = new Map(folderVariables());
  for (const { key, value } of environmentOf(config)) variables.set(key, value);
  return [...variables].map(([key, value]) => ({ key, value }));
}

/** The instructions of a configuration without faults. */
export function instructionsOf({
  dockerfileExtensions,
}: Pick<LayerConfig, "dockerfileExtensions">): readonly Instruction[] {
  return read(dockerfileExtensions).instructions;
}

function read(dockerfileExtensions: string | null): ReadDockerfile {
  return readDockerfile(dockerfileExtensions ?? "", new Map(folderVariables()));
}

function environmentOf(config: Pick<LayerConfig, "dockerfileExtensions">): Variable[] {
  return instructionsOf(config).flatMap((each) => (each.type === "env" ? [each] : []));
}

/** Makes programs and libraries of the layer found, before those of the image. */
export function folderVariables(): (readonly [string, string])[] {
  const below = (...paths: string[]) => paths.map((path) => `${layerFolder}/${path}`);
  const programs = below("bin", "python/bin", "node/bin", "system/usr/local/bin", "system/usr/bin");
  const libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu", "."].flatMap((each) =>
    below(`system/usr/lib/${each}`, `system/lib/${each}`),
  );
  return [
    ["PATH", [...programs, ...below("system/bin"), sandboxPath].join(":")],
    ["PYTHONPATH", below("python", "system/usr/lib/python3/dist-packages").join(":")],
    ["NODE_PATH", below("node/lib/node_modules").join(":")],
    ["LD_LIBRARY_PATH", libraries.join(":")],
  ];
}
