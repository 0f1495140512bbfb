/** Everything that would break a deployment is found before anything is changed, with its fix. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { GoogleWorld } from "../kit/google-world.ts";
import { sharedOut } from "../kit/shard.ts";
import { type Deployment, makeDeployment, soundWorld } from "./support/deployment.ts";
import type { ProgramOptions } from "./support/programs.ts";

let made: Deployment | null = null;
afterEach(async () => {
  await made?.end();
  made = null;
});

async function tried(
  changed: Partial<GoogleWorld>,
  programs: Partial<ProgramOptions> = {},
  args: readonly string[] = [],
) {
  made = await makeDeployment(changed, programs);
  const ended = await made.run(["--yes", ...args]);
  return { ...ended, changes: made.google.changes(), calls: made.calls() };
}

/** Expects that neither Google nor Terraform was asked to change anything. */
function expectNothingDone({ changes, calls }: Awaited<ReturnType<typeof tried>>): void {
  expect(changes).toEqual([]);
  expect(calls.filter((call) => !call.startsWith("terraform version"))).toEqual([]);
}

const sound = soundWorld();
const without = (...services: string[]) => ({
  services: sound.services.filter((service) => !services.includes(service)),
});
const alias = (type: number, data: string) => [{ type, data }];

describe("F14 OPS-2 a deployment that would fail isn't begun", () => {
  const cases: [string, Partial<GoogleWorld>, string, string][] = [
    [
      "credentials that have ended",
      { email: null },
      "credentials (GOOGLE_OAUTH_ACCESS_TOKEN) aren't accepted",
      "gcloud auth login",
    ],
    [
      "a project that isn't there",
      { projectState: null },
      "There is no project demo-1234",
      "gcloud projects create demo-1234",
    ],
    [
      "a project that is being deleted",
      { projectState: "DELETE_REQUESTED" },
      "is being deleted",
      "gcloud projects undelete demo-1234",
    ],
    [
      "a service without which nobody can look",
      without("cloudresourcemanager.googleapis.com"),
      "are off",
      "gcloud services enable serviceusage.googleapis.com cloudresourcemanager.googleapis.com",
    ],
    [
      "nobody who pays",
      { billing: { billingEnabled: false, billingAccountName: "" } },
      "The project has no billing account.",
      "gcloud billing projects link demo-1234",
    ],
    [
      "a billing account that is closed",
      { billing: { billingEnabled: false, billingAccountName: "billingAccounts/1" } },
      "billing account is closed",
      "gcloud billing accounts list",
    ],
    [
      "a right that is missing",
      { missingPermissions: ["cloudkms.keyRings.create"] },
      "user:me@example.com may not cloudkms.keyRings.create",
      "--member=user:me@example.com --role=roles/cloudkms.admin",
    ],
    [
      "a role that can't make what bootstrap makes",
      { role: "roles/monitoring.editor" },
      "iam.googleapis.com/workloadIdentityPools.create",
      "--member=user:me@example.com --role=roles/iam.workloadIdentityPoolAdmin",
    ],
    [
      "a quota that a function could outgrow",
      { cpuMilli: 20_000 },
      "us-central1 grants 20 vCPU in all",
      "--instances-max 20",
    ],
    [
      "an organisation that wants Google identities",
      { policies: { "run.managed.requireInvokerIam": { rules: [{ enforce: true }] } } },
      "The policy run.managed.requireInvokerIam forbids it",
      "gcloud org-policies describe run.managed.requireInvokerIam",
    ],
    [
      "an organisation that keeps its data elsewhere",
      {
        policies: {
          "gcp.resourceLocations": { rules: [{ values: { allowedValues: ["in:eu-locations"] } }] },
        },
      },
      "everything lies in the US",
      "gcloud org-policies describe gcp.resourceLocations",
    ],
    [
      "a domain that is an alias",
      { dns: { "api.example.com CNAME": alias(5, "elsewhere.example.net.") } },
      "is an alias of elsewhere.example.net",
      "remove the CNAME record",
    ],
    [
      "a domain with an address of IPv6",
      { dns: { "api.example.com AAAA": alias(28, "2001:db8::1") } },
      "this deployment answers on IPv4 alone",
      "remove the AAAA record",
    ],
    [
      "a domain whose zone allows another signer alone",
      { dns: { "example.com CAA": alias(257, '0 issue "ca.example.net"') } },
      "but not Google's signer",
      'CAA 0 issue "pki.goog"',
    ],
    [
      "somebody else's bucket of that name",
      { buckets: { "demo-1234-paddock-state": "hidden" } },
      "A bucket demo-1234-paddock-state exists",
      "gcloud storage buckets describe",
    ],
    [
      "a database that something else has made",
      {
        databases: [{ name: "x/databases/(default)", type: "DATASTORE_MODE", locationId: "eur3" }],
      },
      "A Firestore database (default) exists already, in eur3",
      "gcloud firestore databases delete",
    ],
  ];
  test.each(sharedOut(cases, 12))("for %s", async (_what, changed, says, fix) => {
    const ended = await tried(changed);
    expect(ended.output).toContain(says);
    expect(ended.output).toContain(fix);
    expect(ended.output).toContain("Nothing was changed.");
    expect(ended.code).toBe(1);
    expectNothingDone(ended);
  });

  const page = "https://developer.hashicorp.com/terraform/install";
  const lacking: readonly [string, Partial<ProgramOptions>, string, string][] = [
    ["for a Terraform that is too old", { terraform: "1.5.7" }, "Terraform 1.5.7 is here", page],
    ["for no Terraform", { terraform: null }, "Terraform isn't installed here", page],
    [
      "for nothing to build with",
      { gcloud: false },
      "Neither gcloud nor docker",
      "cloud.google.com",
    ],
  ];
  test.each(sharedOut(lacking, 3))("%s", async (_what, programs, says, fix) => {
    const ended = await tried({}, programs);
    expect(ended.output).toContain(says);
    expect(ended.output).toContain(fix);
    expect(ended.code).toBe(1);
    expectNothingDone(ended);
  });

  test("and everything is said at once", async () => {
    const ended = await tried({
      billing: { billingEnabled: false, billingAccountName: "" },
      missingPermissions: ["run.jobs.create"],
      cpuMilli: 20_000,
      dns: { "api.example.com AAAA": alias(28, "2001:db8::1") },
    });
    expect(ended.output).toContain("4 things stand in the way. Nothing was changed.");
    expectNothingDone(ended);
  });
});

describe("what is no obstacle", () => {
  test("is told: what bootstrap will switch on, and what can only be seen then", async () => {
    const off = without("run.googleapis.com", "cloudquotas.googleapis.com");
    const ended = await tried(off, {}, ["--preflight"]);
    expect(ended.output).toMatch(/Bootstrap will switch on .*run\.googleapis\.com/);
    expect(ended.output).toContain("They are checked after bootstrap.");
    expect(ended.code).toBe(0);
    expectNothingDone(ended);
  });

  test("a small quota that the deployer has taken account of", async () => {
    const args = ["--preflight", "--instances-max", "20"];
    expect((await tried({ cpuMilli: 20_000 }, {}, args)).code).toBe(0);
  });

  test("what an earlier run was told: it needn't be told again", async () => {
    made = await makeDeployment({
      cpuMilli: 20_000,
      policies: {
        "gcp.restrictNonCmekServices": {
          rules: [{ values: { deniedValues: ["firestore.googleapis.com"] } }],
        },
      },
    });
    const file = join(made.folder, "more.json");
    writeFileSync(file, '{"encryption": {"customer_managed": true}, "instances_max": 20}');
    const told = ["--region", "us-east4", "--var-file", file, "--yes", "--no-smoke"];
    const first = await made.run(told);
    expect(first.code, first.output).toBe(0);
    const again = await made.run(["--preflight"]);
    expect(again.output).toContain("20 vCPU in us-east4");
    expect(again.code, again.output).toBe(0);
  });
});

describe("a permission that seems to be missing", () => {
  test("stops no deployment that says to go on, and stays in view", async () => {
    const missing = { missingPermissions: ["dns.managedZones.create"] };
    const ended = await tried(missing, {}, ["--preflight", "--skip-permission-check"]);
    expect(ended.output).toContain("may not dns.managedZones.create. --skip-permission-check goes");
    expect(ended.code).toBe(0);
  });
});

describe("credentials", () => {
  test("of a workload are exchanged at Google's token service", async () => {
    made = await makeDeployment();
    const token = join(made.folder, "workload-token");
    writeFileSync(token, "from the workflow");
    const file = join(made.folder, "credentials.json");
    const content = {
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/g",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${made.google.url}/sts.googleapis.com/v1/token`,
      credential_source: { file: token },
    };
    writeFileSync(file, JSON.stringify(content));
    const environment = { GOOGLE_OAUTH_ACCESS_TOKEN: "", GOOGLE_APPLICATION_CREDENTIALS: file };
    const ended = await made.run(["--preflight"], environment);
    expect(ended.output).toContain("user:me@example.com, from application default credentials");
    expect(ended.code).toBe(0);
  });

  test("that are missing are said so, with what else can be seen without", async () => {
    made = await makeDeployment({}, { gcloud: false, terraform: "1.5.7" });
    const ended = await made.run(["--yes"], { GOOGLE_OAUTH_ACCESS_TOKEN: "" });
    expect(ended.output).toContain("No Google credentials found.");
    expect(ended.output).toContain("gcloud auth application-default login");
    expect(ended.output).toContain("Terraform 1.5.7 is here");
    expect(ended.code).toBe(1);
  });
});

describe("options that can't be right", () => {
  const wrong = [
    [["--project", "Demo"], "is no project's id"],
    [["--domain", "https://api.example.com"], "isn't a domain name"],
    [["--domain", "localhost"], "isn't a domain name"],
    [["--domain", "192.0.2.1"], "isn't a domain name"],
    [["--alert-email", "foo"], "--alert-email foo is no mail address"],
    [["--first-operator", "ada@localhost"], "is no mail address"],
    [["--operator-account", "ada"], "is no mail address"],
    [["--impersonator", "ada@example.com"], "should read user:ada@example.com"],
    [["--region", "europe-west1"], "isn't a US region"],
    [["--build", "podman"], "--build is cloud or docker"],
    [["--image", "functions=x:latest"], "names no digest"],
    [["--rollback", "--destroy"], "Choose one of"],
    [["--github", "owner/repository"], "--github-id"],
    [["--instances-max", "0"], "--instances-max is"],
    [["--var-file", "/no/such/file"], "can't be read"],
    [["--nonsense"], "Unknown option"],
  ] as const;
  test.each(sharedOut(wrong, 4))("%j end in one sentence", async (args, says) => {
    made = await makeDeployment();
    const ended = await made.run(args);
    expect(ended.output).toContain(says);
    expect(ended.output.trim().split("\n").length).toBe(1);
    expect(ended.code).toBe(2);
    expect(made.google.changes()).toEqual([]);
  });
});
