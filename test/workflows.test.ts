// @module-tag slow
/** What runs on GitHub: pinned by commit, with minimal rights, and without strangers' input. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { repositoryRoot } from "../scripts/tools/repository.ts";

const Step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const Permissions = z.record(z.string(), z.enum(["read", "write", "none"]));
const Job = z.looseObject({
  uses: z.string().optional(),
  permissions: Permissions.default({}),
  steps: z.array(Step).default([]),
  "timeout-minutes": z.number().optional(),
  "runs-on": z.string().optional(),
});
const Workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: Permissions,
  jobs: z.record(z.string(), Job),
});

const read = (path: string) => readFileSync(join(repositoryRoot, path), "utf8");
const paths = globSync(".github/workflows/*", { cwd: repositoryRoot }).toSorted();
const workflows = paths.map((path) => {
  const workflow = Workflow.parse(parse(read(path)));
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);
  return { path, text: read(path), workflow, jobs, steps };
});
const each = workflows.map((one): [string, (typeof workflows)[number]] => [one.path, one]);

let lintWorkflow: typeof import("./workflows/lint-workflow.ts").lintWorkflow;
const folder = mkdtempSync(join(tmpdir(), "paddock-workflows-"));

beforeAll(async () => {
  const outfile = join(folder, "lint-workflow.cjs");
  await build({
    entryPoints: [join(repositoryRoot, "test/workflows/lint-workflow.ts")],
    ...{ outfile, bundle: true, platform: "node", format: "cjs", logLevel: "warning" },
  });
  ({ lintWorkflow } = createRequire(import.meta.url)(outfile));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what reads workflows finds what is wrong with one", async () => {
  const text = "on: push\njobs:\n  a:\n    runs-on: x\n    stepz: []\n    steps: [{ run: x }]\n";
  expect(await lintWorkflow("x.yml", text)).toEqual([expect.stringContaining("stepz")]);
});

test("there is one to test, to plan, to deploy, to check records and to lock providers", () => {
  const names = ["deploy", "plan", "providers", "records", "test"];
  expect(paths).toEqual(names.map((name) => `.github/workflows/${name}.yml`));
});

const opensRequests = (path: string) => path.endsWith("/providers.yml");

describe.each(each)("%s", (path, { text, workflow, jobs, steps }) => {
  test("uses others' actions by commit, and says which version that is", () => {
    const lines = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    for (const line of lines) {
      if (/uses: \.\//.test(line)) continue;
      expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    const used = [...steps, ...jobs].flatMap(({ uses }) => uses ?? []);
    expect(lines).toHaveLength(used.length);
  });

  test("may read the sources, and asks for more in the job that needs it", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const { permissions } of jobs) {
      const { "id-token": _identity, ...others } = permissions;
      // Locking providers pushes a branch and opens a pull request with it; a person merges that.
      const written = Object.keys(others).filter((name) => others[name] === "write");
      expect(written).toEqual(opensRequests(path) ? ["contents", "pull-requests"] : []);
    }
    expect(workflow.on).not.toHaveProperty("pull_request_target");
  });

  test("hands no expression to a shell: what strangers write would become a program", () => {
    for (const { run } of steps) expect(run ?? "").not.toContain("${{");
  });

  test("keeps no credential in the checkout", () => {
    for (const { uses, with: given } of steps) {
      if (!uses?.startsWith("actions/checkout@")) continue;
      expect(given["persist-credentials"]).toBe(opensRequests(path) ? undefined : false);
    }
  });

  test("calls npm scripts and files that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const commands = steps.flatMap(({ run }) => run ?? []).join("\n");
    const called = commands.matchAll(/npm (?:run )?(?!ci\b|run\b)([\w:-]+)/g);
    for (const [, name = ""] of called) expect(Object.keys(scripts), path).toContain(name);
    const files = [...commands.matchAll(/bash (\S+\.sh)|--file (\S+)/g)].flatMap(
      ([, script, file]) => script ?? file ?? [],
    );
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });

  test("ends by itself, on a system that doesn't change under it", () => {
    for (const job of jobs) {
      if (job.uses !== undefined) continue;
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
      expect(job["runs-on"]).not.toMatch(/latest/);
    }
  });

  test("is a workflow by the rules", async () => {
    expect(await lintWorkflow(path, text)).toEqual([]);
  });
});

test("an action has one version in all of them", () => {
  const used = new Set(workflows.flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? [])));
  const names = [...used].map((uses) => uses.replace(/@.*/, ""));
  expect(names).toHaveLength(new Set(names).size);
});

describe("who gets an identity", () => {
  const identity = read("terraform/bootstrap/identity.tf");
  const jobsWithIdentity = workflows.flatMap(({ path, workflow }) =>
    Object.values(workflow.jobs)
      .filter(({ permissions }) => permissions["id-token"] === "write")
      .map((job) => ({ path, job })),
  );

  test("a job of the two workflows alone that the project trusts by name", () => {
    expect(jobsWithIdentity.map(({ path }) => path)).toEqual([
      ".github/workflows/deploy.yml",
      ".github/workflows/plan.yml",
    ]);
    for (const name of ["deploy.yml@", "plan.yml@refs/pull/"]) expect(identity).toContain(name);
  });

  test("the deploying one stands in an environment that the project asks for", () => {
    const variables = read("terraform/bootstrap/variables.tf");
    const deploy = jobsWithIdentity[0]?.job;
    expect(deploy?.environment).toMatchObject({ name: "production" });
    expect(variables).toMatch(/environment\s+= optional\(string, "production"\)/);
    expect(deploy?.needs).toBe("test");
  });

  test.each([
    [{ DOMAIN: "api.example.com" }, "--domain api.example.com", 0, 0],
    [{ PROFILE: "trial" }, "--profile trial", 0, 0],
    // What only the command's own refusal can tell apart.
    [{ DOMAIN: "api.example.com", PROFILE: "trial" }, /--domain \S+ --profile trial/, 2, 2],
    [{}, "--project acme-paddock-1", 1, 1],
    // Deployed, but a record, a certificate or an operator's token is missing.
    [{ PROFILE: "trial" }, "::warning::Deployed, but not to the end", 3, 0],
  ])("the deploying one, with %j, says %s", (variables, says, ends, code) => {
    const step = jobsWithIdentity[0]?.job.steps.at(-1)?.run ?? "";
    const npm = `npm() { echo "npm $*"; return ${ends}; }`;
    const env = { PATH: process.env.PATH, PROJECT: "acme-paddock-1", ...variables };
    const ran = spawnSync("bash", ["-eo", "pipefail", "-c", `${npm}\n${step}`], {
      env,
      encoding: "utf8",
    });
    expect(ran.stdout).toMatch(says);
    expect(ran.stdout).toContain("npm run deploy -- --skip-bootstrap --yes --project acme-");
    expect(ran.status, ran.stderr).toBe(code);
  });

  test("no fork and no bot plans", () => {
    const condition = String(jobsWithIdentity[1]?.job.if);
    expect(condition).toContain("head.repo.full_name == github.repository");
    expect(condition).toContain("github.actor != 'dependabot[bot]'");
  });
});

describe("OPS-3 .github/dependabot.yml", () => {
  const Update = z.looseObject({
    "package-ecosystem": z.string(),
    directory: z.string().optional(),
    directories: z.array(z.string()).default([]),
    schedule: z.object({ interval: z.string() }),
  });
  const { updates } = z
    .object({ version: z.literal(2), updates: z.array(Update) })
    .parse(parse(read(".github/dependabot.yml")));
  const manifests: Readonly<Record<string, string>> = {
    npm: "package-lock.json",
    docker: "Dockerfile",
    "github-actions": ".github/workflows/test.yml",
    terraform: "versions.tf",
  };

  test("renews packages, images, actions and providers every week", () => {
    const names = updates.map((update) => update["package-ecosystem"]);
    expect(new Set(names)).toEqual(new Set(Object.keys(manifests)));
    for (const { schedule } of updates) expect(schedule.interval).toBe("weekly");
    const tests = workflows.find(({ path }) => path.endsWith("/test.yml"));
    expect(tests?.workflow.on).toHaveProperty("pull_request");
    expect(tests?.text).toMatch(/\bnpm test\b/);
  });

  test("looks where there is something to renew, and everywhere there is", () => {
    for (const update of updates) {
      const manifest = manifests[update["package-ecosystem"]] ?? "";
      const folders = [...update.directories, ...(update.directory ? [update.directory] : [])];
      for (const folder of folders) {
        expect(existsSync(join(repositoryRoot, folder, manifest)), folder).toBe(true);
      }
    }
    const dockerfiles = globSync("{images/*,*}/Dockerfile", { cwd: repositoryRoot });
    const docker = updates.find((update) => update["package-ecosystem"] === "docker");
    const folders = dockerfiles.map((file) => `/${file.replace(/\/Dockerfile$/, "")}`);
    expect(docker?.directories.toSorted()).toEqual(folders.toSorted());
  });
});
