import * as z from "zod";
import { packageTypes } from "../core/layers/layer.ts";
import { BuildStatus, EnvironmentBody, Runtimes, runtimeNames } from "./environment.ts";
import { Warnings } from "./unsupported.ts";

const extensionsMax = 50_000;
const packageName = z.string().min(1).max(200);

/** Clients send `force` in the query or in the body. */
export const BuildStart = z.object({ force: z.boolean().nullish() });

export const BuildBody = z.object({
  /** False if nothing is built because the configuration can't be. */
  success: z.boolean(),
  /** The execution that builds; null if nothing has to be built. */
  buildId: z.string().nullable(),
  /** The thread whose message the build is: its events, its cost, and where it can be cancelled. */
  threadId: z.string().nullable(),
  status: BuildStatus,
  message: z.string(),
  error: z.string().optional(),
  imageTag: z.string().nullable(),
  buildHash: z.string().nullable(),
  environmentId: z.string(),
  environmentName: z.string(),
});

export const BuildTested = z.object({
  success: z.boolean(),
  logs: z.string(),
  /** Milliseconds. */
  duration: z.int(),
  imageTag: z.string().nullable(),
  message: z.string(),
  error: z.string().nullable(),
});

export const BuildStatusBody = z.object({
  buildStatus: BuildStatus,
  buildHash: z.string().nullable(),
  imageTag: z.string().nullable(),
  lastBuildAt: z.string().nullable(),
  buildError: z.string().nullable(),
  buildId: z.string().nullable(),
  threadId: z.string().nullable(),
});

export const BuildLogs = z.object({
  logs: z.string(),
  buildLogs: z.string(),
  buildStatus: BuildStatus,
  /** Whether the beginning was left out. */
  truncated: z.boolean(),
});

const versions = z.array(z.string());
export const AvailableRuntimes = z.object({
  runtimes: z.object(
    Object.fromEntries(runtimeNames.map((name) => [name, versions])) as Record<
      (typeof runtimeNames)[number],
      typeof versions
    >,
  ),
});

export const RuntimesBody = z.object({ runtimes: z.record(z.string(), z.string()) });
export const RuntimesSet = z.object({ runtimes: Runtimes });

export const PackagesBody = z.object({
  packages: z.object({
    system: z.array(z.string()),
    python: z.array(z.string()),
    node: z.array(z.string()),
  }),
});

const PackageType = z.enum(packageTypes);
export const PackageTypeParam = PackageType;
const listed = z
  .array(z.object({ type: PackageType, name: packageName }))
  .min(1)
  .max(500);

/**
 * One type and names of it; or, as published samples have it, a list in which each package names
 * its type, below `type` or beside it.
 */
export const PackagesInstall = z
  .union(
    [
      z.object({ type: PackageType, packages: z.array(packageName).min(1).max(500) }),
      z.object({ type: z.object({ packages: listed }) }),
      z.object({ packages: listed }),
    ],
    'must be like {"type": "python", "packages": ["numpy"]}; type is system, python or node',
  )
  .transform((body) => {
    if ("type" in body && typeof body.type === "string") {
      const { type } = body;
      return body.packages.map((name) => ({ type, name }) as { type: typeof type; name: string });
    }
    return "type" in body && typeof body.type === "object" ? body.type.packages : body.packages;
  })
  .transform((packages) => packages as { type: z.output<typeof PackageType>; name: string }[]);
export type PackagesInstall = z.output<typeof PackagesInstall>;

export const DockerfileBody = z.object({
  baseImage: z.string(),
  dockerfileExtensions: z.string().nullable(),
  effectiveDockerfile: z.string(),
});

export const DockerfileSet = z.object({
  dockerfileExtensions: z.string().max(extensionsMax).nullish(),
  /** Every environment has the deployment's own image, so only that or null can be asked for. */
  baseImage: z.unknown().optional(),
});

export const DockerfileValidate = z.object({
  dockerfileExtensions: z.string().max(extensionsMax).nullish(),
});

export const DockerfileValidated = z.object({
  valid: z.boolean(),
  warnings: z.array(z.string()),
  errors: z.array(z.string()),
  effectiveDockerfile: z.string(),
});

/** The environment after a change of what is built, and the build that began with it. */
export const Rebuilt = z.object({
  environment: EnvironmentBody,
  build: BuildBody,
  warnings: Warnings,
});
