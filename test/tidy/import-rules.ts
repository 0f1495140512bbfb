/** Who may import whom. The order of the areas is the architecture's, and only goes down. */
import type { Finding, Import, SourceFile } from "./source-file.ts";

/** What each area of `shared/` may import besides itself. `owner` is `shared/identity/owner.ts`. */
export const below: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ["protocol"],
  http: [],
  errors: ["core", "protocol"],
  config: ["core", "errors"],
  contract: ["core", "errors", "protocol"],
  owner: ["core"],
  google: ["config", "core", "errors", "owner", "protocol"],
  store: ["config", "contract", "core", "errors", "google", "owner", "protocol"],
  answers: ["contract", "core", "protocol", "store"],
  secrets: ["config", "core", "errors", "google", "owner", "protocol", "store"],
};
const googleClients = /^(@google-cloud\/|google-gax|google-auth-library|@grpc\/)/;
/** What takes seconds and much memory for a long manifest. */
const worksOnManifests = /^shared\/core\/workspace\/(manifest-bytes|merge-manifests)\.ts$/;
/** A runner works on one alone. */
const mayWorkOnManifests = /^(shared\/core\/|runner\/|shared\/workspace\/manifest-turn\.ts$)/;
const productFolders = ["functions", "shared", "runner"];

export function isProduct(path: string): boolean {
  return productFolders.includes(folderOf(path)) && !path.endsWith(".test.ts");
}

/**
 * Imports of `source` that aren't allowed, or that are written otherwise than everywhere else.
 * Tests of product code may use everything of theirs.
 */
export function findForbiddenImports(source: SourceFile): Finding[] {
  const { path } = source;
  return source.imports.flatMap((imported) => {
    const why =
      whyAliasForbidden(path, imported) ??
      whyTestForbidden(path, imported) ??
      whyClientForbidden(path, imported) ??
      whyForbidden(path, imported);
    if (why === null) return [];
    const message = `imports ${imported.target}: ${why}`;
    return [{ path, line: imported.line, message }];
  });
}

/** One way to write each import: `#shared/…` from everywhere else, relative within a top folder. */
function whyAliasForbidden(path: string, { specifier, target }: Import): string | null {
  if (folderOf(target) !== "shared") return null;
  const isAlias = specifier.startsWith("#shared/");
  if (folderOf(path) === "shared") {
    return isAlias ? "inside shared/, imports are relative" : null;
  }
  return isAlias ? null : "outside shared/, imports of it begin with #shared/";
}

/** What benches, tools or several kinds of tests share is in the kit. */
function whyTestForbidden(path: string, { target }: Import): string | null {
  if (folderOf(target) !== "test" || target.startsWith("test/kit/")) return null;
  const isTest = path.endsWith(".test.ts") || folderOf(path) === "test";
  if (isTest && !path.startsWith("test/kit/")) return null;
  return "only tests import it; what others need belongs into test/kit";
}

/** The command line is a client like any other, and knows what the API's documents say. */
function whyClientForbidden(path: string, { target }: Import): string | null {
  if (folderOf(path) !== "cli" || !productFolders.includes(folderOf(target))) return null;
  return "the command line uses the public API alone";
}

function whyForbidden(path: string, imported: Import): string | null {
  if (!isProduct(path)) return null;
  const { target } = imported;
  const folder = folderOf(path);
  if (worksOnManifests.test(target) && !mayWorkOnManifests.test(path)) {
    return "a manifest is doubted, encoded and merged in its owner's turn";
  }
  const isFile = target.includes("/") && /\.(ts|mjs|js|json|css|txt)$/.test(target);
  if (!isFile) return whyPackageForbidden(path, imported);
  // The function that serves the API's description is built with it.
  if (target.startsWith("openapi/") && path.startsWith("functions/meta/")) return null;
  if (!productFolders.includes(folderOf(target))) {
    return `product code imports ${productFolders.join(", ")} only`;
  }
  if (folder === "functions") {
    const own = path.split("/").slice(0, 2).join("/");
    const allowed = target.startsWith(`${own}/`) || folderOf(target) === "shared";
    return allowed ? null : "a function imports its own folder and shared/ only";
  }
  if (folder === "runner") {
    const allowed = /^(runner|shared\/(core|http|protocol))\//.test(target);
    return allowed ? null : "the runner imports shared/core, shared/http and shared/protocol only";
  }
  if (folderOf(target) !== "shared") return "shared/ imports nothing but shared/";
  const from = areaOf(path);
  const to = areaOf(target);
  return from === to || mayImport(from, to) ? null : `shared/${from} may not import it`;
}

function whyPackageForbidden(path: string, { target }: Import): string | null {
  if (!googleClients.test(target)) return null;
  if (folderOf(path) === "runner") return "beside untrusted code there is no key of ours";
  if (path.startsWith("shared/google/")) return null;
  // The only code that opens the database uses its client's types and values.
  if (path.startsWith("shared/store/") && target === "@google-cloud/firestore") return null;
  return "Google's clients are used in shared/google only";
}

/** Domains (keys, owners, executions, …) are siblings between `pipeline` and the table. */
function mayImport(from: string, to: string): boolean {
  const allowed = below[from];
  if (allowed !== undefined) return allowed.includes(to);
  return to !== "pipeline";
}

function areaOf(path: string): string {
  if (path === "shared/identity/owner.ts") return "owner";
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

const folderOf = (path: string) => path.split("/")[0] ?? "";

/** Modules that import each other, types included; each circle is reported once. */
export function findImportCircles(sources: readonly SourceFile[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(path);
    if (begin >= 0) {
      const circle = [...trail.slice(begin), path].join(" → ");
      findings.push({ path, line: 1, message: `modules import each other: ${circle}` });
      return;
    }
    if (done.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (byPath.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return findings;
}
