/** Runs Terraform on a copy of the configuration, with what it stored for this project. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { startChild } from "../../scripts/tools/start-child.ts";
import { showWorking } from "../../scripts/tools/working.ts";
import type { Credentials } from "../google/token.ts";
import { Stop } from "../print.ts";
import { explainFailure } from "./explain-failure.ts";
import { Plan } from "./plan-summary.ts";

const timeoutMs = 2 * 60 * 60_000;
/** A plan of a thousand resources takes a few of these as JSON. */
const outputBytesMax = 256 * 1024 * 1024;
/** The provider's checksums, which a workflow writes (.github/workflows/providers.yml). */
const lockFile = ".terraform.lock.hcl";
const planFile = "paddock.tfplan";
const variablesFile = "paddock.auto.tfvars.json";

/** Thrown if the same step may succeed after a while; its message says what is missing. */
export class NotYetError extends Stop {}

/** What holds no state: changed in place, a failed one is as good as a new one. */
const stateless = ["google_cloud_run_v2_service", "google_cloud_run_v2_job"];

interface StateModule {
  readonly resources?: readonly {
    readonly address: string;
    readonly type: string;
    readonly tainted?: boolean | undefined;
  }[];
  readonly child_modules?: readonly StateModule[];
}
const StateModule: z.ZodType<StateModule> = z.object({
  resources: z
    .array(z.object({ address: z.string(), type: z.string(), tainted: z.boolean().optional() }))
    .default([]),
  get child_modules() {
    return z.array(StateModule).default([]);
  },
});
const State = z.object({
  values: z.object({ root_module: StateModule }).optional(),
});

export type Root = "bootstrap" | "main";

export interface RootAt {
  readonly root: Root;
  readonly project: string;
  readonly credentials: Credentials;
}

/** Kept between runs, one for each project; nothing in it is secret. */
export const keptFolder = (project: string) =>
  join(process.env.PADDOCK_DEPLOY_FOLDER ?? join(repositoryRoot, ".deploy"), project);

export class Terraform {
  readonly #at: RootAt;
  readonly #folder: string;

  private constructor(root: RootAt, folder: string) {
    this.#at = root;
    this.#folder = folder;
  }

  /**
   * Copies the configuration, so that the checkout stays as it is while several projects are
   * deployed from it.
   * @param isLocal keeps the state next to the copy, before its bucket exists.
   */
  static async open(root: RootAt, isLocal = false): Promise<Terraform> {
    const copy = join(keptFolder(root.project), "terraform");
    await rm(copy, { recursive: true, force: true });
    await mkdir(keptFolder(root.project), { recursive: true });
    await cp(join(repositoryRoot, "terraform"), copy, {
      recursive: true,
      filter: (path) => !path.endsWith(".terraform"),
    });
    // The configuration expects them next to itself.
    for (const name of ["firestore.rules", "firestore.indexes.json"]) {
      await cp(join(repositoryRoot, name), join(keptFolder(root.project), name));
    }
    const folder = root.root === "main" ? copy : join(copy, "bootstrap");
    if (isLocal) {
      const local = { terraform: { backend: { local: { path: localState(root.project) } } } };
      await rm(join(folder, "backend.tf"), { force: true });
      await writeFile(join(folder, "backend.tf.json"), JSON.stringify(local));
    }
    return new Terraform(root, folder);
  }

  /** @param bucket null for a state on this machine. */
  async init(bucket: string | null, ...more: string[]): Promise<void> {
    const { root } = this.#at;
    const backend =
      bucket === null ? [] : [`-backend-config=bucket=${bucket}`, `-backend-config=prefix=${root}`];
    const how = more.length > 0 ? more : ["-reconfigure"];
    await this.#quietly(`preparing Terraform for ${root}`, [
      "init",
      "-input=false",
      ...(existsSync(join(this.#folder, lockFile)) ? ["-lockfile=readonly"] : []),
      ...how,
      ...backend,
    ]);
  }

  async plan(variables: object, ...more: string[]): Promise<{ plan: Plan; sha256: string }> {
    await writeFile(join(this.#folder, variablesFile), JSON.stringify(variables, null, 2));
    const order = ["plan", "-input=false", `-out=${planFile}`, ...more];
    await this.#quietly(`planning ${this.#at.root}`, order);
    const shown = await this.#quietly("reading the plan", ["show", "-json", planFile]);
    const bytes = await readFile(join(this.#folder, planFile));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { plan: Plan.parse(JSON.parse(shown)), sha256 };
  }

  /**
   * Applies exactly what was planned and shown. Its progress goes to the terminal.
   * @throws {NotYetError} if only time is missing.
   */
  async apply(): Promise<void> {
    const { code, output, errors } = await this.#start(["apply", "-input=false", planFile], true);
    await rm(join(this.#folder, planFile), { force: true });
    if (code === 0) return;
    const failure = explainFailure(output + errors);
    if (failure.kind === "passes") throw new NotYetError(failure.why);
    throw new Stop(failure.sentence);
  }

  /**
   * Takes the mark off services and jobs whose first revision failed, so that they are changed
   * instead of replaced: the state of an older release may still protect them, and then a
   * replacement is refused for ever.
   * @returns Their addresses.
   */
  async untaintStateless(): Promise<readonly string[]> {
    const shown = await this.#quietly("reading the state", ["show", "-json"]);
    const tainted = taintedIn(State.parse(JSON.parse(shown)).values?.root_module);
    for (const address of tainted) await this.#quietly(`keeping ${address}`, ["untaint", address]);
    return tainted;
  }

  async outputs<T>(schema: z.ZodType<T>): Promise<T> {
    const shown = await this.#quietly("reading outputs", ["output", "-json"]);
    const values = z.record(z.string(), z.object({ value: z.unknown() })).parse(JSON.parse(shown));
    const named = Object.entries(values).map(([name, { value }]) => [name, value]);
    return schema.parse(Object.fromEntries(named));
  }

  async importInto(address: string, id: string): Promise<void> {
    await this.#quietly(`taking over ${address}`, ["import", "-input=false", address, id]);
  }

  /** Addresses in the state; empty if there is none. */
  async addresses(): Promise<readonly string[]> {
    const { code, output } = await this.#start(["state", "list"]);
    return code === 0 ? output.split("\n").filter((address) => address !== "") : [];
  }

  async #quietly(what: string, order: readonly string[]): Promise<string> {
    const done = showWorking(what);
    const { code, output, errors } = await this.#start(order).finally(done);
    if (code === 0) return output;
    console.error(errors || output);
    throw new Stop(`terraform ${order[0]} failed for ${this.#at.root}; it says why above.`);
  }

  async #start(order: readonly string[], isShown = false) {
    const { root, project } = this.#at;
    const child = startChild(["terraform", ...order], {
      cwd: this.#folder,
      timeout: timeoutMs,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...(await credentialsFor(this.#at)),
        TF_IN_AUTOMATION: "1",
        TF_DATA_DIR: join(keptFolder(project), `terraform-${root}`),
      },
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Buffer) => {
        if (isShown) process[name].write(chunk);
        said[name] = (said[name] + chunk.toString()).slice(-outputBytesMax);
      });
    }
    const [code] = await once(child, "close").catch(() => [null]);
    return { code, output: said.stdout, errors: said.stderr };
  }
}

function taintedIn(module: StateModule | undefined): string[] {
  const own = (module?.resources ?? []).filter(
    ({ type, tainted }) => tainted === true && stateless.includes(type),
  );
  return [
    ...own.map(({ address }) => address),
    ...(module?.child_modules ?? []).flatMap((inner) => taintedIn(inner)),
  ];
}

export const localState = (project: string) => join(keptFolder(project), "bootstrap.tfstate");

/** Credentials that Terraform can't find itself, and the quota project of a person's. */
async function credentialsFor({ credentials, project }: RootAt): Promise<Record<string, string>> {
  if (credentials.from === "gcloud") {
    return { GOOGLE_OAUTH_ACCESS_TOKEN: await credentials.accessToken() };
  }
  if (!credentials.needsQuotaProject) return {};
  return { USER_PROJECT_OVERRIDE: "true", GOOGLE_BILLING_PROJECT: project };
}
