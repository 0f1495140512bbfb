/** The settings of functions and runners match what they read. */
import { describe, expect, test } from "vitest";
import { readSettings } from "#shared/config";
import { readSettings as readLauncherSettings } from "../../runner/launcher/settings.ts";
import { readSettings as readSupervisorSettings } from "../../runner/supervisor/settings.ts";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, type PlannedResource, planOf } from "./support/plan.ts";

const { functions } = await listFunctions(repositoryRoot);

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

function environmentOf(containers: readonly Container[] | undefined): Record<string, string> {
  return Object.fromEntries(containers?.[0]?.env.map(({ name, value }) => [name, value]) ?? []);
}

function ofFunction(name: string): Record<string, string> {
  const { values } = planOf("large").resource(
    `module.functions.google_cloud_run_v2_service.default["${name}"]`,
  );
  const [template] = values.template as { containers: Container[] }[];
  return environmentOf(template?.containers);
}

function ofJob({ values }: PlannedResource): Record<string, string> {
  const [outer] = values.template as { template: { containers: Container[] }[] }[];
  return environmentOf(outer?.template[0]?.containers);
}

/** Which settings a route's credential or a role's first word requires. */
const needed: Readonly<Record<string, readonly string[]>> = {
  archive: ["PADDOCK_ARCHIVE_BUCKET", "PADDOCK_BILLING_ARCHIVE"],
  checkpoints: ["PADDOCK_AUDIT_LOG", "PADDOCK_CHECKPOINT_BUCKET", "PADDOCK_CHECKPOINT_KEY_VERSION"],
  "first-operator": ["PADDOCK_FIRST_OPERATOR", "PADDOCK_OPERATOR_AUDIENCE"],
  operator: ["PADDOCK_OPERATOR_AUDIENCE"],
  public: ["PADDOCK_DOMAIN", "PADDOCK_SECURITY_CONTACTS"],
  runner: ["PADDOCK_GATEWAY_AUDIENCE", "PADDOCK_RUNNER_ACCOUNT"],
  scheduler: ["PADDOCK_MAINTENANCE_AUDIENCE", "PADDOCK_SCHEDULER_ACCOUNT"],
  "api-key": ["PADDOCK_PEPPERS_FILE"],
  execution: ["PADDOCK_GATEWAY_TOKENS_FILE"],
  kms: ["PADDOCK_KMS_KEY_RING"],
  objects: ["PADDOCK_WORKSPACE_BUCKET"],
};

describe.skipIf(!isPlanned)("a function's settings", () => {
  test.each(Object.keys(functions))("%s knows each, and none is for a laptop", (name) => {
    const environment = ofFunction(name);
    const settings = readSettings({ ...environment, K_SERVICE: name });
    const ours = Object.keys(environment).filter((key) => key.startsWith("PADDOCK_"));
    expect(ours.filter((key) => !(key in settings))).toEqual([]);
    expect(environment).toMatchObject({
      FUNCTION_TARGET: name,
      GOOGLE_CLOUD_PROJECT: "example-paddock-prod",
      NODE_OPTIONS: functions[name]?.nodeOptions,
      PADDOCK_REGION: "us-east4",
    });
    const allocator = Object.entries(environment).filter(([key]) => key.startsWith("MALLOC_"));
    expect(Object.fromEntries(allocator)).toEqual(functions[name]?.malloc);
  });

  test.each(Object.entries(functions))(
    "%s is told what its routes and roles need",
    (name, listed) => {
      const reasons = [
        ...listed.routes.map(({ authenticate }) => authenticate),
        ...listed.roles.map((role) => role.split(".")[0] ?? ""),
      ];
      const told = Object.keys(ofFunction(name));
      expect(told).toEqual(
        expect.arrayContaining(reasons.flatMap((reason) => needed[reason] ?? [])),
      );
    },
  );

  // Google's load balancers append the client's address and then their own.
  const atEdge = Object.keys(functions).filter((name) => functions[name]?.visibility === "edge");
  test.each(atEdge)("%s finds the client's address", (name) => {
    expect(ofFunction(name).PADDOCK_TRUSTED_HOPS).toBe("1");
  });

  test("limits are the deployment's", () => {
    expect(JSON.parse(ofFunction("threads").PADDOCK_LIMITS ?? "")).toMatchObject({
      executions: { max: 300, windowMs: 900_000 },
    });
  });
});

describe.skipIf(!isPlanned)("who calls a function from inside", () => {
  test("Scheduler shows what maintenance asks for", () => {
    const { PADDOCK_MAINTENANCE_AUDIENCE: audience, PADDOCK_SCHEDULER_ACCOUNT: email } =
      ofFunction("maintenance");
    for (const { values } of planOf("large").resources("google_cloud_scheduler_job")) {
      // Cloud Scheduler takes from 15 seconds to 30 minutes.
      expect(Number.parseInt(String(values.attempt_deadline), 10)).toBeLessThanOrEqual(1_800);
      expect(values.http_target).toMatchObject([
        { oidc_token: [{ audience, service_account_email: email }] },
      ]);
    }
  });

  test("runners call the gateway, and show what it asks for", () => {
    const { PADDOCK_GATEWAY_AUDIENCE: audience, PADDOCK_RUNNER_ACCOUNT: email } =
      ofFunction("runner-gateway");
    for (const job of planOf("large").resources("google_cloud_run_v2_job")) {
      const started = { ...ofJob(job), PADDOCK_EXECUTION_ID: "x", PADDOCK_TICKET: "t" };
      const { forSupervisor } = readLauncherSettings({ ...started, CLOUD_RUN_JOB: "runner" });
      expect(readSupervisorSettings(forSupervisor)).toMatchObject({
        gatewayAudience: audience,
        gatewayUrl: "https://gateway.api.example.com",
      });
      expect(JSON.stringify(job.values.template)).toContain(email);
    }
  });

  test("no audience is an address of Cloud Run's, which would spoil the token", () => {
    const audiences = Object.values(planOf("large").outputs.audiences as Record<string, string>);
    expect(new Set(audiences).size).toBe(audiences.length);
    expect(audiences.filter((audience) => audience.includes("run.app"))).toEqual([]);
  });
});
