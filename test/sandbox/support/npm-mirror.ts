/**
 * A registry of what npm installed into a folder: it serves the same packages as archives of its
 * own, so that a build, which reaches no other address, can install them inside a sandbox.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { dirname, join } from "node:path";
import * as z from "zod";

const Lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string() })) });
const Manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
type Manifest = z.infer<typeof Manifest>;

interface Installed {
  /** The name that others know it by, which may be an alias. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly archive: string;
  readonly path: string;
}

const archiveBytesMax = 512 * 2 ** 20;

/** Installs a package from npm into an empty folder, with the npm of this machine. */
export function installFromNpm(folder: string, name: string): void {
  writeFileSync(join(folder, "package.json"), "{}");
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", name], {
    cwd: folder,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: "pipe",
  });
}

/** @param origin The origin of the archives in the packages' metadata. */
export function npmMirror(folder: string, origin: string): RequestListener {
  const installed = readInstalled(folder);
  const archives = new Map<string, Buffer>();
  const archiveOf = (each: Installed) => {
    const known = archives.get(each.archive) ?? pack(each.path);
    archives.set(each.archive, known);
    return known;
  };
  const names = new Set(installed.map(({ name }) => name));
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? "/").split("?")[0] ?? "/");
    const archive = installed.find((each) => each.archive === path);
    if (archive) return void response.end(archiveOf(archive));
    const versions = installed.filter(({ manifest }) => `/${manifest.name}` === path);
    if (versions.length === 0) return void response.writeHead(404).end("{}");
    const described = versions.map((each) => {
      const integrity = createHash("sha512").update(archiveOf(each)).digest("base64");
      const dist = { tarball: origin + each.archive, integrity: `sha512-${integrity}` };
      return [each.manifest.version, { ...withoutAbsent(each.manifest, names), dist }] as const;
    });
    const latest = described.at(-1)?.[0];
    const page = {
      name: path.slice(1),
      "dist-tags": { latest },
      versions: Object.fromEntries(described),
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(page));
  };
}

/** Optional packages of other machines aren't here, and npm would ask for each of them. */
function withoutAbsent(manifest: Manifest, names: ReadonlySet<string>): Manifest {
  const optional = Object.entries(manifest.optionalDependencies ?? {});
  const optionalDependencies = Object.fromEntries(optional.filter(([name]) => names.has(name)));
  return { ...manifest, optionalDependencies };
}

function readInstalled(folder: string): readonly Installed[] {
  const text = readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8");
  return Object.keys(Lock.parse(JSON.parse(text)).packages).map((place, index) => {
    const path = join(folder, place);
    const manifest = Manifest.parse(JSON.parse(readFileSync(join(path, "package.json"), "utf8")));
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    return { name, manifest, path, archive: `/-/${index}.tgz` };
  });
}

function pack(path: string): Buffer {
  const options = ["--exclude=./node_modules", "--transform=s,^\\.,package,", "-czf", "-", "."];
  return execFileSync("tar", options, { cwd: path, maxBuffer: archiveBytesMax });
}
