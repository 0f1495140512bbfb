/** The origin of everything that runs: images, packages, providers, actions. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, planOf } from "./support/plan.ts";

const read = (path: string) => readFileSync(join(repositoryRoot, path), "utf8");
const byDigest = /^[a-z0-9.-]+(\/[\w.-]+)+@sha256:[0-9a-f]{64}$/;

const Container = z.looseObject({ image: z.string() });
const Service = z.looseObject({
  template: z.tuple([z.object({ containers: z.array(Container) })]),
});
const Job = z.looseObject({
  template: z.tuple([
    z.object({ template: z.tuple([z.object({ containers: z.array(Container) })]) }),
  ]),
});

describe.skipIf(!isPlanned)("OPS-3 supply chain, in the deployment", () => {
  test("every function and every job runs an image that a digest names", () => {
    const plan = planOf("main");
    const services = plan
      .resources("google_cloud_run_v2_service")
      .flatMap(({ values }) => Service.parse(values).template[0].containers);
    const jobs = plan
      .resources("google_cloud_run_v2_job")
      .flatMap(({ values }) => Job.parse(values).template[0].template[0].containers);
    expect(services).not.toEqual([]);
    expect(jobs).not.toEqual([]);
    for (const { image } of [...services, ...jobs]) expect(image).toMatch(byDigest);
  });

  test("OPS-10 no container starts from an image that Cloud Build hasn't attested", () => {
    const [policy, ...others] = planOf("main").resources("google_binary_authorization_policy");
    expect(others).toEqual([]);
    expect(policy?.values.default_admission_rule).toEqual([
      {
        evaluation_mode: "REQUIRE_ATTESTATION",
        enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
        require_attestations_by: ["projects/paddock-test/attestors/built-by-cloud-build"],
      },
    ]);
    expect(policy?.values.admission_whitelist_patterns ?? []).toEqual([]);
    const containers = ["google_cloud_run_v2_service", "google_cloud_run_v2_job"].flatMap((type) =>
      planOf("main").resources(type),
    );
    for (const { address, values } of containers) {
      expect(values.binary_authorization, address).toMatchObject([{ use_default: true }]);
    }
    expect(enabledServices()).toContain("binaryauthorization.googleapis.com");
  });

  test("what a tag names stays what it was, and is scanned", () => {
    const registry = planOf("bootstrap").resource("google_artifact_registry_repository.default");
    expect(registry.values).toMatchObject({
      docker_config: [{ immutable_tags: true }],
      vulnerability_scanning_config: [{ enablement_config: "INHERITED" }],
    });
    expect(enabledServices()).toContain("containerscanning.googleapis.com");
  });

  test("provenance can be kept", () => {
    expect(enabledServices()).toContain("containeranalysis.googleapis.com");
  });
});

describe("OPS-3 supply chain, in the sources", () => {
  test("packages are the ones that were looked at", () => {
    const Lockfile = z.object({
      packages: z.record(
        z.string(),
        z.looseObject({ link: z.boolean().optional(), integrity: z.string().optional() }),
      ),
    });
    const { packages } = Lockfile.parse(JSON.parse(read("package-lock.json")));
    const unchecked = Object.entries(packages).filter(
      ([path, { link, integrity }]) =>
        path !== "" && link !== true && !integrity?.startsWith("sha512-"),
    );
    expect(unchecked.map(([path]) => path)).toEqual([]);
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      read("package.json"),
    );
    const wanted = { ...dependencies, ...devDependencies, ...optionalDependencies };
    for (const [name, version] of Object.entries(wanted)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  test("Terraform's providers have one version everywhere", () => {
    const files = globSync("terraform/**/versions.tf", { cwd: repositoryRoot });
    const roots = files.filter((path) => !path.includes("/modules/")).map(read);
    const versions = roots.flatMap((text) => [...text.matchAll(/\bversion\s*=\s*"([^"]+)"/g)]);
    expect(new Set(versions.map(([, version]) => version)).size).toBe(1);
    expect(versions[0]?.[1]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("a build is tried before it is pushed, and fails without provenance", () => {
    const Build = z.looseObject({
      steps: z.array(
        z.looseObject({ id: z.string(), name: z.string(), args: z.array(z.string()) }),
      ),
      images: z.array(z.string()),
      options: z.record(z.string(), z.unknown()),
      serviceAccount: z.string(),
    });
    const build = Build.parse(parse(read("cloudbuild.yaml")));
    for (const { name } of build.steps) expect(name).toMatch(byDigest);
    expect(new Set(build.steps.map(({ name }) => name)).size).toBe(1);
    expect(build.steps.map(({ id }) => id)).toContain("try");
    const commands = build.steps.flatMap(({ args }) => args).join(" ");
    expect(commands).not.toMatch(/\bpush\b/);
    // Cloud Build fills these names in.
    const filled = (name: string) => `$\{${name}}`;
    const images = ["functions", "runner"].map((name) => `${filled("_REGISTRY")}/${name}`);
    expect(build.images).toEqual(images.map((image) => `${image}:${filled("_TAG")}`));
    expect(build.options.requestedVerifyOption).toBe("VERIFIED");
    expect(build.serviceAccount).toContain(filled("_BUILD_ACCOUNT"));
  });
});

function enabledServices(): unknown[] {
  const enabled = planOf("bootstrap").resources("google_project_service");
  return enabled.map(({ values }) => values.service);
}
