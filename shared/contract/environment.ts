import * as z from "zod";
import { computeCostMicrousd } from "../core/pricing.ts";
import { profileResources } from "../core/profiles.ts";
import { profiles } from "../protocol/job.ts";
import { type Environment, KeyValue } from "../store/environments.ts";
import { projectOf } from "./agent.ts";
import { fromJsonText, iso, Metadata, usd } from "./common.ts";
import { agrees, NetworkBody, NetworkInput, networkBody } from "./network.ts";
import { SecretCreate, SecretKey, secretBytesMax, secretsMax } from "./secret.ts";

const runtimeNames = ["python", "nodejs", "go", "php", "java", "ruby", "rust"] as const;
const shortText = z.string().max(200);
const packageList = z.array(shortText).max(500).default([]);

/** `node` is an alias some clients use; a bare list asks for the latest version of each. */
const Runtimes = z.preprocess(
  (value) =>
    Array.isArray(value) ? Object.fromEntries(value.map((name) => [name, "latest"])) : value,
  z
    .record(z.string(), shortText)
    .transform(({ node, ...rest }) => (node === undefined ? rest : { nodejs: node, ...rest }))
    .refine(
      (map) => Object.keys(map).every((name) => runtimeNames.some((known) => known === name)),
      {
        message: `runtimes are ${runtimeNames.join(", ")}`,
      },
    ),
);

/** A flat list is taken for Python packages, as one published sample has it. */
const Packages = z.preprocess(
  (value) => (Array.isArray(value) ? { python: value } : value),
  z.object({ system: packageList, python: packageList, node: packageList }),
);

export const McpServer = z.object({
  type: z.enum(["stdio", "http"]),
  name: z.string().min(1).max(200),
  command: z.string().max(1_000).optional(),
  args: z.array(z.string().max(4_000)).max(100).optional(),
  env: z.record(z.string(), z.string().max(16_384)).optional(),
  url: z.string().max(2_000).optional(),
  bearerToken: z.string().max(16_384).optional(),
  enabled: z.boolean().default(true),
});
export type McpServer = z.infer<typeof McpServer>;

const Variable = z.object({ key: SecretKey, value: z.string().max(secretBytesMax) });

const EnvironmentFields = z.object({
  name: z.string().trim().min(1).max(200),
  description: z.string().max(10_000).nullish(),
  runtimes: Runtimes.default({}),
  packages: Packages.default({ system: [], python: [], node: [] }),
  dockerfileExtensions: z.string().max(50_000).nullish(),
  environmentVariables: z.array(Variable).max(200).default([]),
  secrets: z.array(SecretCreate).max(secretsMax).default([]),
  setupScripts: z.array(z.string().max(50_000)).max(50).default([]),
  mcpServers: z.array(McpServer).max(50).default([]),
  documentation: z.array(z.string().max(50_000)).max(50).default([]),
  /** Closed unless the client says otherwise. */
  internetAccess: z.boolean().nullish(),
  network: NetworkInput.optional(),
  isDefault: z.boolean().default(false),
  computeProfile: z.enum(profiles).optional(),
  guiEnabled: z.boolean().optional(),
  officeAppsEnabled: z.boolean().optional(),
  metadata: Metadata,
});

const contradiction = {
  path: ["network"],
  message: "network and internetAccess contradict each other; send one of them",
};
export const EnvironmentCreate = EnvironmentFields.refine(agrees, contradiction);
export type EnvironmentCreate = z.output<typeof EnvironmentCreate>;

const changeable = EnvironmentFields.pick({
  description: true,
  dockerfileExtensions: true,
  internetAccess: true,
  network: true,
  computeProfile: true,
  metadata: true,
}).partial();
/** Without the defaults of a new environment: what isn't named stays as it is. */
export const EnvironmentUpdate = changeable
  .extend({
    name: EnvironmentFields.shape.name.optional(),
    runtimes: EnvironmentFields.shape.runtimes.unwrap().optional(),
    packages: EnvironmentFields.shape.packages.unwrap().optional(),
    environmentVariables: EnvironmentFields.shape.environmentVariables.unwrap().optional(),
    setupScripts: EnvironmentFields.shape.setupScripts.unwrap().optional(),
    documentation: EnvironmentFields.shape.documentation.unwrap().optional(),
    /** They hold tokens, and have routes of their own. */
    secrets: z.never("secrets are changed at /secrets").optional(),
    mcpServers: z.never("MCP servers are set when the environment is made").optional(),
    isDefault: z.never("which one is the default is set when one is made").optional(),
  })
  .refine(agrees, contradiction);
export type EnvironmentUpdate = z.output<typeof EnvironmentUpdate>;

export const EnvironmentBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status: z.literal("stopped"),
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
  buildStatus: z.literal("ready"),
  buildHash: z.null(),
  buildError: z.null(),
  imageTag: z.null(),
  lastBuildAt: z.null(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export function environmentBody(
  environment: Environment,
  ownerId: string,
): z.input<typeof EnvironmentBody> {
  const {
    v: _v,
    profile,
    secretKeys,
    workspace: _workspace,
    sealingPublicKey: _key,
    ...rest
  } = environment;
  const { network, networkAllow, mcpServersJson, metadataJson, ...same } = rest;
  const resources = profileResources[profile];
  return {
    ...same,
    userId: ownerId,
    projectId: projectOf(ownerId),
    status: "stopped",
    baseImage: null,
    secrets: secretKeys.map((key) => ({ key, value: "", hasValue: true })),
    mcpServers: fromJsonText(mcpServersJson),
    internetAccess: network !== "none",
    network: networkBody({ mode: network, allow: networkAllow }),
    isActive: true,
    computeProfile: profile,
    metadata: {
      ...(fromJsonText(metadataJson) as object),
      computeProfile: profile,
      computeResources: {
        cpuCores: resources.cpuMillis / 1_000,
        memoryMb: resources.memoryBytes / 1_048_576,
      },
      pricing: { minutePrice: usd(computeCostMicrousd(profile, 60_000)) },
      guiEnabled: profile === "desktop",
      officeAppsEnabled: false,
    },
    buildStatus: "ready",
    buildHash: null,
    buildError: null,
    imageTag: null,
    lastBuildAt: null,
    createdAt: iso(environment.createdAt),
    updatedAt: iso(environment.updatedAt),
  };
}
