/**
 * `dist/functions.json`: what the functions declare about themselves, for the edge, Terraform and
 * the documentation. It is read from the modules, so it can't differ from what is served.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { longestCallSeconds } from "#shared/core/limits/longest-call";
import { cronOf } from "./cron.ts";
import { functionNames } from "./entries.ts";

const DeclaredRoute = z.object({
  endpoint: z.string().regex(/^[A-Z]+ \/\S*$/, "should read like `POST /v1/agents`"),
  method: z.string(),
  paths: z.array(z.string().startsWith("/")).min(1),
  authenticate: z.string().min(1),
  everyMs: z.int().min(1_000).optional(),
  scope: z.string().min(1),
  needsToo: z
    .object({ scopes: z.array(z.string()).min(1), when: z.unknown().optional() })
    .transform(({ scopes, when }) => ({ scopes, always: when === undefined }))
    .optional(),
  /** A schema means JSON. */
  body: z.union([z.enum(["none", "raw"]), z.looseObject({}).transform(() => "json" as const)]),
  bodyBytesMax: z.int().min(0),
  requestClass: z.string().min(1),
  streams: z.boolean(),
  summary: z.string().min(1),
});

const DeclaredService = z.object({
  name: z.string(),
  summary: z.string().min(1),
  visibility: z.enum(["edge", "internal"]),
  routes: z.array(DeclaredRoute).min(1),
  limits: z.object({
    concurrency: z.int().min(1),
    instancesMax: z.int().min(1),
    memoryMib: z.int().min(128),
    timeoutSeconds: z.int().min(1).max(3600),
  }),
  passesFiles: z.boolean().default(false),
  roles: z.array(z.string()),
});
type DeclaredService = z.infer<typeof DeclaredService>;

export interface ListedRoute {
  readonly method: string;
  readonly path: string;
  /** Every path it answers: a `/v1` route also without its version. */
  readonly paths: readonly string[];
  readonly authenticate: string;
  /** How often the scheduler calls it locally, in ms; null if it doesn't. */
  readonly everyMs: number | null;
  /** When Cloud Scheduler calls it, in UTC. */
  readonly cron: string | null;
  readonly scope: string | null;
  /** Further scopes that it needs, for all bodies or for some. */
  readonly needsToo?: { readonly scopes: readonly string[]; readonly always: boolean } | undefined;
  readonly body: "none" | "raw" | "json";
  readonly bodyBytesMax: number;
  /** The class of requests it counts as; null if no limit of the functions applies. */
  readonly limits: string | null;
  readonly streams: boolean;
  readonly summary: string;
}

export interface ListedFunction {
  readonly summary: string;
  readonly visibility: "edge" | "internal";
  readonly bundle: string;
  readonly routes: readonly ListedRoute[];
  readonly limits: DeclaredService["limits"];
  /** `NODE_OPTIONS` of its processes. */
  readonly nodeOptions: string;
  /** Settings of its processes that glibc reads when they start. */
  readonly malloc: Readonly<Record<string, string>>;
  readonly roles: readonly string[];
}

export interface FunctionList {
  readonly functions: Readonly<Record<string, ListedFunction>>;
}

/** The build's own refusal: something in the repository is declared wrong. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/**
 * Imports each `functions/<name>/index.ts` and lists what its `service` declares.
 *
 * @throws {BuildError} for a malformed declaration, or a route that two functions declare.
 */
export async function listFunctions(root: string): Promise<FunctionList> {
  const functions: Record<string, ListedFunction> = {};
  for (const name of functionNames(root)) functions[name] = await listFunction(root, name);
  refuseSharedRoutes(functions);
  return { functions };
}

async function listFunction(root: string, name: string): Promise<ListedFunction> {
  const path = `functions/${name}/index.ts`;
  // The query makes Node import the current file even if this process has imported an older one.
  const { href } = pathToFileURL(join(root, path));
  // Whole milliseconds, because text after a dot would be taken for the file's extension.
  const changedMs = Math.trunc(statSync(join(root, path)).mtimeMs);
  const module: { service?: unknown } = await import(`${href}?changed=${changedMs}`);
  const parsed = DeclaredService.safeParse(module.service);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = ["service", ...(issue?.path ?? [])].join(".");
    throw new BuildError(`${path}: ${where}: ${issue?.message ?? "is malformed"}`);
  }
  const { summary, visibility, routes, limits, passesFiles, roles } = parsed.data;
  if (parsed.data.name !== name) {
    throw new BuildError(`${path}: service.name is "${parsed.data.name}", its folder "${name}"`);
  }
  return {
    summary,
    visibility,
    bundle: `functions/${name}.cjs`,
    routes: routes.map((route) => listRoute(path, route, limits)),
    limits,
    nodeOptions: nodeOptions(limits.memoryMib, passesFiles),
    malloc: passesFiles ? mallocOfFiles : {},
    roles: roles.toSorted(),
  };
}

/**
 * Half of an instance's memory is for long-lived objects, the other half for everything outside of
 * V8. Small nurseries prevent a burst's short-lived objects from being promoted: 200 open streams
 * take 190 MiB, and 300 with V8's default sizes. What passes files makes few objects of its own.
 */
function nodeOptions(memoryMib: number, passesFiles: boolean): string {
  const nurseryMib = passesFiles ? 1 : 8;
  return `--max-old-space-size=${memoryMib / 2} --max-semi-space-size=${nurseryMib}`;
}

/**
 * Freed buffers go back to the system: each of 64 KiB and more has pages of its own, which glibc
 * otherwise stops to do once the first large one was freed, and one arena has fewer gaps.
 */
const mallocOfFiles = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "65536",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

function listRoute(
  file: string,
  route: z.infer<typeof DeclaredRoute>,
  { timeoutSeconds }: z.infer<typeof DeclaredService>["limits"],
): ListedRoute {
  const { endpoint, everyMs = null, scope, requestClass, ...listed } = route;
  if ((route.authenticate === "scheduler") !== (everyMs !== null)) {
    throw new BuildError(`${file}: ${endpoint}: everyMs belongs to what the scheduler calls`);
  }
  const cron = everyMs === null ? null : cronOf(everyMs);
  if (everyMs !== null && cron === null) {
    throw new BuildError(`${file}: ${endpoint}: everyMs divides neither an hour nor a day`);
  }
  if (everyMs !== null && timeoutSeconds > longestCallSeconds) {
    throw new BuildError(
      `${file}: ${endpoint}: the scheduler gives up before ${timeoutSeconds} s are over; ` +
        `timeoutSeconds is at most ${longestCallSeconds}`,
    );
  }
  const path = endpoint.slice(route.method.length + 1);
  const stated = (gate: string) => (gate === "none" ? null : gate);
  const limits = stated(requestClass);
  return { ...listed, path, everyMs, cron, scope: stated(scope), limits };
}

/** Two patterns are the same route if they differ only in their parameters' names. */
function refuseSharedRoutes(functions: Readonly<Record<string, ListedFunction>>): void {
  const owners = new Map<string, string>();
  for (const [name, { routes }] of Object.entries(functions)) {
    for (const { method, paths } of routes) {
      for (const path of paths) {
        const key = `${method} ${path.replaceAll(/:[A-Za-z0-9_]+/g, ":")}`;
        const owner = owners.get(key);
        if (owner !== undefined) {
          throw new BuildError(`${method} ${path} is claimed twice: by ${owner} and by ${name}`);
        }
        owners.set(key, name);
      }
    }
  }
}
