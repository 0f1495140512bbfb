/** A deployment as a person starts it, against a fake Google. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servicesUsed } from "../../../deploy/preflight/services.ts";
import { compileCacheFolder } from "../../../scripts/tools/compile-cache.ts";
import { type StandIn, startGoogle } from "../../kit/google-apis.ts";
import { permissionsOutside } from "../../kit/google-projects.ts";
import type { GoogleWorld } from "../../kit/google-world.ts";
import { callsIn, type ProgramOptions, putPrograms } from "./programs.ts";

const timeoutMs = 110_000;
export const project = "demo-1234";

export interface Ended {
  readonly code: number | null;
  /** The output of both streams, without colours. */
  readonly output: string;
}

export interface Deployment {
  readonly google: StandIn;
  readonly folder: string;
  /** `npm run deploy -- --project demo-1234 …`, with a domain unless a profile is named. */
  run(args?: readonly string[], environment?: Record<string, string>): Promise<Ended>;
  /** `npm run probe:cloud -- --project demo-1234 …`. */
  probe(...args: readonly string[]): Promise<Ended>;
  /** How Terraform and gcloud were called. */
  calls(): readonly string[];
  /** Kills the next run after this command of Terraform, such as `apply bootstrap`. */
  stopAt(order: string): void;
  end(): Promise<void>;
}

export function soundWorld(): GoogleWorld {
  return {
    project,
    number: "123456789012",
    email: "me@example.com",
    projectState: "ACTIVE",
    parent: "organizations/987654321098",
    otherProjects: {},
    heldOutside: [...permissionsOutside],
    billing: { billingEnabled: true, billingAccountName: "billingAccounts/012345-6789AB-CDEF01" },
    services: [...servicesUsed(), "cloudbilling.googleapis.com", "orgpolicy.googleapis.com"],
    role: "roles/owner",
    missingPermissions: [],
    cpuMilli: 1_000_000,
    policies: {},
    dns: {
      "api.example.com A": [{ type: 1, data: "192.0.2.7" }],
      "_acme-challenge.api.example.com CNAME": [{ type: 5, data: "x.goog." }],
      "_acme-challenge.gateway.api.example.com CNAME": [{ type: 5, data: "y.goog." }],
    },
    certificateState: "ACTIVE",
    databases: [],
    keyRing: null,
    keys: [],
    buckets: {},
    objects: {},
    secrets: { peppers: [], "gateway-tokens": [], "mail-login": [], "provider-keys": [] },
    tags: {},
    defaultNetwork: ["default", "default-allow-ssh", "default-allow-internal"],
    nowMs: 0,
    probe: { made: [], granted: [], prints: [] },
    first: {
      buildRefusals: 0,
      grantsWorkAfterMs: 0,
      contentions: 0,
      indexesReadyAtMs: 0,
      certificatesAtMs: { edge: 0, gateways: 0 },
      grantedAtMs: null,
      service: { isTainted: false, isProtected: false },
    },
  };
}

/** @param changed how it differs from a healthy, empty project. */
export async function makeDeployment(
  changed: Partial<GoogleWorld> = {},
  programs: Partial<ProgramOptions> = {},
): Promise<Deployment> {
  const google = await startGoogle({ ...soundWorld(), ...changed });
  const folder = mkdtempSync(join(tmpdir(), "paddock-deploy-"));
  const path = putPrograms(folder, { terraform: "1.11.4", gcloud: true, ...programs });
  const usual = {
    PATH: path,
    HOME: folder,
    NO_COLOR: "1",
    STAND_IN_FOLDER: folder,
    PADDOCK_DEPLOY_FOLDER: join(folder, "kept"),
    PADDOCK_DEPLOY_GOOGLE_ENDPOINT: google.url,
    GOOGLE_OAUTH_ACCESS_TOKEN: "a-token",
    // Shared, because the same programs start dozens of times.
    NODE_COMPILE_CACHE: compileCacheFolder,
  };
  return {
    google,
    folder,
    probe: async (...args) =>
      await run(["--project", project, ...args], usual, "deploy/probe-cloud.ts"),
    calls: () => callsIn(folder),
    stopAt: (order) => writeFileSync(join(folder, "stop-at"), order),
    run: async (args = [], environment = {}) => {
      const domain = args.includes("--profile") ? [] : ["--domain", "api.example.com"];
      const given = [["--project", project], domain].filter(([name = ""]) => !args.includes(name));
      return await run([...given.flat(), ...args], { ...usual, ...environment });
    },
    async end() {
      await google.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(
  args: readonly string[],
  env: Record<string, string>,
  program = "deploy/main.ts",
): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      env,
      timeout: timeoutMs,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("close", (code) => resolve({ code, output }));
  });
}
