/** Who has the keys of model providers: one function, and nothing that a sandbox is part of. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned, planOf } from "./support/plan.ts";
import { readAll } from "./support/read.ts";

const plans = ["main", "managed", "trial"] as const;
const gateway = "model-gateway";
const secret = "provider-keys";

const Env = z.object({
  name: z.string(),
  value: z.string().nullish(),
  value_source: z.array(z.unknown()),
});
const Mounted = z.object({ secret: z.array(z.object({ secret: z.string() })) });
const Template = z.object({
  containers: z.array(z.object({ env: z.array(Env) })),
  service_account: z.string(),
  volumes: z.array(Mounted),
});
const Service = z.object({ name: z.string(), template: z.tuple([Template]) });
const Job = z.object({ template: z.tuple([z.object({ template: z.tuple([Template]) })]) });
const Grant = z.object({ secret_id: z.string(), role: z.string(), member: z.string() });

const secretsOf = ({ volumes }: z.infer<typeof Template>) =>
  volumes.flatMap((volume) => volume.secret.map((one) => one.secret.split("/").at(-1)));

describe.skipIf(!isPlanned)("MOD-1 provider keys", () => {
  test.each(plans)("are mounted into one function of %s, and into nothing else", (name) => {
    const services = readAll(name, "google_cloud_run_v2_service", Service);
    const mounting = services.filter(({ values }) =>
      secretsOf(values.template[0]).includes(secret),
    );
    expect(mounting.map(({ values }) => values.name)).toEqual([gateway]);
    const told = services.filter(({ values }) =>
      /PROVIDER_KEYS/.test(JSON.stringify(values.template[0].containers)),
    );
    expect(told.map(({ values }) => values.name)).toEqual([gateway]);
  });

  test.each(plans)("may be read in %s by that function's account alone", (name) => {
    const grants = readAll(name, "google_secret_manager_secret_iam_member", Grant);
    const readers = grants
      .filter(({ values }) => values.secret_id.split("/").at(-1) === secret)
      .map(({ values }) => `${values.role} ${values.member.split("@")[0]}`);
    expect(readers).toEqual([`roles/secretmanager.secretAccessor serviceAccount:fn-${gateway}`]);
    // A role on the project would open every secret of it.
    const onProject = planOf(name)
      .resources()
      .filter(({ type }) => /^google_(project|secret_manager_secret)_iam_/.test(type))
      .filter(({ type }) => type !== "google_secret_manager_secret_iam_member")
      .filter(({ values }) => /secretmanager|owner|editor/.test(String(values.role)));
    expect(onProject.map(({ address }) => address)).toEqual([]);
  });

  test.each(plans)("nor any other secret, are in what sandboxes run in, in %s", (name) => {
    const jobs = readAll(name, "google_cloud_run_v2_job", Job);
    expect(jobs.length).toBeGreaterThan(0);
    for (const { address, values } of jobs) {
      const template = values.template[0].template[0];
      expect(secretsOf(template), address).toEqual([]);
      const settings = template.containers.flatMap(({ env }) => env);
      // Which gateway, for which audience, and in whose project: all of it is public.
      expect(settings.map((one) => one.name).sort()).toEqual([
        "PADDOCK_GATEWAY_AUDIENCE",
        "PADDOCK_GATEWAY_URL",
        "PADDOCK_OWN_PROJECT",
      ]);
      for (const { value_source: source } of settings) expect(source, address).toEqual([]);
      const { service_account: account } = template;
      const granted = planOf(name)
        .resources()
        .filter(({ type }) => /_iam_/.test(type))
        .filter(({ values: grant }) => grant.member === `serviceAccount:${account}`);
      expect(granted, address).toEqual([]);
    }
  });

  test("bootstrap lets no workflow read them", () => {
    const grants = readAll("workflows", "google_secret_manager_secret_iam_member", z.unknown());
    expect(grants.map(({ key }) => key)).toContain(secret);
    const Role = z.object({ permissions: z.array(z.string()) });
    const roles = readAll("workflows", "google_project_iam_custom_role", Role);
    for (const { address, values } of roles) {
      expect(values.permissions, address).not.toContain("secretmanager.versions.access");
    }
  });
});
