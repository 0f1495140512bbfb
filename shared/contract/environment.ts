import * as z from "zod";
import { fitsVariable, variableTooLong } from "../core/executions/variable-size.ts";
import { outgoingAddress } from "../core/network/outgoing-address.ts";
import { type Profile, profiles } from "../protocol/job.ts";
import { KeyValue } from "../protocol/runner.ts";
import { Metadata } from "./common.ts";
import { exactObject } from "./exact.ts";
import { agrees, contradiction, NetworkBody, NetworkInput } from "./network.ts";
import { SecretCreate, SecretKey, secretBytesMax, secretsMax } from "./secret.ts";
import { ignoredField, noWarning, unsupportedWarnings, type WarningTexts } from "./unsupported.ts";

export const runtimeNames = ["python", "nodejs", "go", "php", "java", "ruby", "rust"] as const;
/** A version or the name of a package. */
const shortText = z.string().max(200);
const packageList = z.array(shortText).max(500).default([]);

const runtimesTaken = `must be of ${runtimeNames.join(", ")}`;
/** A code that zod gives for records, too, and that their type doesn't have. */
const unknownKeys: string = "unrecognized_keys";
const runtimesNamed = `must name nothing but ${runtimeNames.join(", ")}`;

/** `node` is an alias that some clients use; a bare list asks for the latest version of each. */
const RuntimeName = z.enum([...runtimeNames, "node"], runtimesTaken);
export const Runtimes = z
  .union([
    z.array(RuntimeName).transform((names) => names.map((name) => [name, "latest"] as const)),
    z
      .partialRecord(RuntimeName, shortText, {
        error: ({ code }) => (code === unknownKeys ? runtimesNamed : undefined),
      })
      .transform((map) => Object.entries(map)),
  ])
  .transform((pairs) =>
    Object.fromEntries(
      pairs.map(([name, version]) => [name === "node" ? "nodejs" : name, version]),
    ),
  );

/**
 * A flat list means Python packages, as one published sample has it. Packages of another type would
 * be left out without a word, so they are refused.
 */
const Packages = z.preprocess(
  (value) => (Array.isArray(value) ? { python: value } : value),
  exactObject({ system: packageList, python: packageList, node: packageList }),
);

/** An MCP server as it is stored; its address was judged when it was set. */
export const StoredMcpServer = z.object({
  type: z.enum(["stdio", "http"]),
  name: z.string().min(1).max(200),
  command: z.string().max(1_000).optional(),
  args: z.array(z.string().max(4_000)).max(100).optional(),
  env: z.record(SecretKey, z.string().max(16_384)).optional(),
  url: z.string().max(2_000).optional(),
  bearerToken: z.string().max(16_384).optional(),
  enabled: z.boolean().default(true),
});
/** Whether no token would cross the network in clear. */
export function keepsTokenSecret(server: z.infer<typeof StoredMcpServer>): boolean {
  const { url, bearerToken } = server;
  return !bearerToken || url === undefined || !/^http:/i.test(url.trim());
}

const mcpVariablesMax = 200;

/** The sandbox's programs reach their own addresses, so only an `http` server needs one. */
export const McpServer = StoredMcpServer.extend({
  url: z
    .union([z.literal(""), outgoingAddress({ schemes: "https or http", query: "taken" })])
    .optional(),
})
  .refine(keepsTokenSecret, {
    path: ["url"],
    message: "must begin with https:// beside a bearerToken, which others could read over http",
  })
  // Without it, the server would fail at each run.
  .refine(({ type, url }) => type !== "http" || Boolean(url), {
    path: ["url"],
    message: "is required, since the server's type is http",
  })
  .refine(({ type, command }) => type !== "stdio" || Boolean(command), {
    path: ["command"],
    message: "is required, since the server's type is stdio",
  })
  .refine(({ bearerToken = "" }) => /^[\x20-\x7e]*$/.test(bearerToken), {
    path: ["bearerToken"],
    message: "must be printable ASCII, since it goes into a header",
  })
  .refine(({ env = {} }) => Object.keys(env).length <= mcpVariablesMax, {
    path: ["env"],
    message: `must have at most ${mcpVariablesMax} variables`,
  });
export type McpServer = z.infer<typeof McpServer>;

/** An execution has one server of each name, so another one would never be used. */
export const McpServers = z
  .array(McpServer)
  .max(50)
  .refine((servers) => new Set(servers.map(({ name }) => name)).size === servers.length, {
    message: "names two servers alike: only the last one would be used",
  });

const Variable = z
  .object({ key: SecretKey, value: z.string().max(secretBytesMax) })
  .refine(({ key, value }) => fitsVariable(key, value), {
    path: ["value"],
    message: variableTooLong,
  });

const EnvironmentFields = z.object({
  name: z.string().trim().min(1).max(200),
  description: z.string().max(10_000).nullish(),
  runtimes: Runtimes.default({}),
  packages: Packages.default({ system: [], python: [], node: [] }),
  dockerfileExtensions: z.string().max(50_000).nullish(),
  environmentVariables: z.array(Variable).max(200).default([]),
  secrets: z.array(SecretCreate).max(secretsMax).default([]),
  setupScripts: z.array(z.string().max(50_000)).max(50).default([]),
  mcpServers: McpServers.default([]),
  documentation: z.array(z.string().max(50_000)).max(50).default([]),
  /** The network is closed unless the client opens it. */
  internetAccess: z.boolean().nullish(),
  network: NetworkInput.optional(),
  isDefault: z.boolean().default(false),
  computeProfile: z.enum(profiles).optional(),
  guiEnabled: z.boolean().optional(),
  officeAppsEnabled: z.boolean().optional(),
  baseImage: ignoredField,
  projectId: ignoredField,
  config: ignoredField,
  metadata: Metadata,
});

/**
 * A screen needs the desktop profile, so asking for a screen with another profile is a conflict.
 */
function screenAgrees(body: ScreenWish): boolean {
  const { computeProfile, guiEnabled } = body;
  if (computeProfile === undefined || guiEnabled === undefined) return true;
  return guiEnabled === (computeProfile === "desktop");
}
const screenContradiction = {
  path: ["guiEnabled"],
  message: "contradicts computeProfile: true is the profile desktop, false is any other",
};

interface ScreenWish {
  readonly computeProfile?: Profile | undefined;
  readonly guiEnabled?: boolean | undefined;
  readonly officeAppsEnabled?: boolean | undefined;
}

/** The profile that the body asks for, by name or by purpose; null if it asks for none. */
export function askedProfile(body: ScreenWish, current: Profile | null): Profile | null {
  if (body.computeProfile) return body.computeProfile;
  if (body.guiEnabled || body.officeAppsEnabled) return "desktop";
  return body.guiEnabled === false && current === "desktop" ? "standard" : null;
}

const notYetBuilt = "takes effect once it is built: POST to the environment's /build";
const warningTexts: WarningTexts<EnvironmentCreate> = {
  name: noWarning,
  description: noWarning,
  environmentVariables: noWarning,
  secrets: noWarning,
  setupScripts: noWarning,
  internetAccess: noWarning,
  network: noWarning,
  isDefault: noWarning,
  computeProfile: noWarning,
  metadata: noWarning,
  runtimes: notYetBuilt,
  packages: notYetBuilt,
  dockerfileExtensions: notYetBuilt,
  baseImage: "is ignored: every environment has the deployment's own image",
  projectId: "is ignored: an account has one project",
  config: "is ignored: send its parts as fields, such as environmentVariables for envVars",
  guiEnabled: "chooses the desktop profile, which has no screen here",
  officeAppsEnabled: "chooses the desktop profile, which has no office programs here",
  mcpServers: "is used by language models, and has no effect on the model `shell`",
  documentation: noWarning,
};

/** One warning for each field of an environment that has no effect, or not on all models. */
export function environmentWarnings(body: EnvironmentCreate | EnvironmentUpdate): string[] {
  return unsupportedWarnings(body, warningTexts);
}

export const EnvironmentCreate = EnvironmentFields.refine(agrees, contradiction).refine(
  screenAgrees,
  screenContradiction,
);
export type EnvironmentCreate = z.output<typeof EnvironmentCreate>;

const changeable = EnvironmentFields.pick({
  description: true,
  dockerfileExtensions: true,
  internetAccess: true,
  network: true,
  computeProfile: true,
  guiEnabled: true,
  officeAppsEnabled: true,
  baseImage: true,
  projectId: true,
  config: true,
  metadata: true,
}).partial();
const ownRoutes = {
  /** Secrets have routes of their own. */
  secrets: z.never("can't be changed here: POST, PUT and DELETE them at /secrets").optional(),
  mcpServers: z
    .never("can't be changed: MCP servers are set when the environment is made")
    .optional(),
  isDefault: z.never("can't be changed here: POST to /set-default").optional(),
};
/** Has none of the defaults of a new environment: a field that is left out stays as it is. */
export const EnvironmentUpdate = changeable
  .extend({
    name: EnvironmentFields.shape.name.optional(),
    runtimes: EnvironmentFields.shape.runtimes.unwrap().optional(),
    packages: EnvironmentFields.shape.packages.unwrap().optional(),
    environmentVariables: EnvironmentFields.shape.environmentVariables.unwrap().optional(),
    setupScripts: EnvironmentFields.shape.setupScripts.unwrap().optional(),
    documentation: EnvironmentFields.shape.documentation.unwrap().optional(),
    ...ownRoutes,
  })
  .refine(agrees, contradiction)
  .refine(screenAgrees, screenContradiction);
/** A whole environment: a field that is left out gets the value that a new one has. */
export const EnvironmentReplace = EnvironmentFields.extend({
  description: EnvironmentFields.shape.description.default(null),
  dockerfileExtensions: EnvironmentFields.shape.dockerfileExtensions.default(null),
  metadata: EnvironmentFields.shape.metadata.default(null),
  ...ownRoutes,
})
  .refine(agrees, contradiction)
  .refine(screenAgrees, screenContradiction);

export type EnvironmentUpdate = z.output<typeof EnvironmentUpdate>;

export const BuildStatus = z.enum(["pending", "building", "ready", "failed"]);

export const EnvironmentBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  /** `running` from the moment an execution is queued there until it has ended. */
  status: z.enum(["stopped", "building", "running"]),
  baseImage: z.null(),
  dockerfileExtensions: z.string().nullable(),
  runtimes: z.record(z.string(), z.string()),
  packages: z.object({
    system: z.array(z.string()),
    python: z.array(z.string()),
    node: z.array(z.string()),
  }),
  environmentVariables: z.array(KeyValue),
  secrets: z.array(z.object({ key: z.string(), value: z.literal(""), hasValue: z.literal(true) })),
  setupScripts: z.array(z.string()),
  mcpServers: z.unknown(),
  documentation: z.array(z.string()),
  internetAccess: z.boolean(),
  network: NetworkBody,
  isDefault: z.boolean(),
  isActive: z.literal(true),
  computeProfile: z.enum(profiles),
  metadata: z.record(z.string(), z.unknown()),
  /** `pending` if what the environment names isn't built yet. */
  buildStatus: BuildStatus,
  buildHash: z.string().nullable(),
  buildError: z.string().nullable(),
  imageTag: z.string().nullable(),
  lastBuildAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
