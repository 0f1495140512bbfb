/** What is planned for the policy tests, and with which settings. */
import { sharedOut } from "../../kit/shard.ts";

export interface WantedPlan {
  /** The folder that Terraform runs in. */
  readonly root: string;
  /** A settings file besides `variables`, relative to that folder. */
  readonly settings?: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether its variables must be refused, so that there is no plan. */
  readonly refused?: boolean;
}

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const registry = "us-central1-docker.pkg.dev/paddock-test/paddock";

/** The smallest deployment, with every default. */
const smallest = {
  project_id: "paddock-test",
  domain: "api.example.com",
  images: { functions: `${registry}/functions@${digest}`, runner: `${registry}/runner@${digest}` },
  secret_versions: { peppers: "3", gateway_tokens: "1", mail_login: "2", provider_keys: "1" },
  first_operator: "operator@example.com",
  alerts: { emails: ["alerts@example.com"] },
};

export const wantedPlans = {
  main: { root: "terraform", variables: smallest },
  /** The project's own keys everywhere, in hardware; containers in a project of their own. */
  managed: {
    root: "terraform",
    variables: {
      ...smallest,
      project_number: "123456789012",
      deployer: "paddock-deploy@paddock-test.iam.gserviceaccount.com",
      encryption: { customer_managed: true, hsm: true },
      protection: { lock_archive: true, lock_logs: true },
      alerts: {
        ...smallest.alerts,
        status_page: "component@status.example.com",
        webhook: "https://pager.example.com/hook",
      },
      log_readers: { access: ["group:operators@example.com"], audit: ["group:audit@example.com"] },
      organization_policies: true,
      runner_project: { id: "paddock-runners", number: "210987654321" },
      budget: { monthly_usd: 500, billing_account: "000000-000000-000000" },
    },
  },
  /** The examples: one that can be removed again, one that people rely on, and a trial. */
  small: {
    root: "terraform",
    settings: "examples/small/terraform.tfvars.example",
    variables: {},
  },
  large: {
    root: "terraform",
    settings: "examples/large/terraform.tfvars.example",
    variables: {},
  },
  trial: {
    root: "terraform",
    settings: "examples/trial/terraform.tfvars.example",
    variables: {},
  },
  /** A region outside of the US. */
  abroad: {
    root: "terraform",
    variables: { ...smallest, location: "EU", region: "europe-west1" },
    refused: true,
  },
  bootstrap: { root: "terraform/bootstrap", variables: { project_id: "paddock-test" } },
  /** A deployment in an organisation, with workflows that plan and deploy. */
  workflows: {
    root: "terraform/bootstrap",
    variables: {
      project_id: "paddock-test",
      github: { repository: "example/paddock", repository_id: "123456789" },
      deny_data_access: true,
      runner_project: { id: "paddock-runners", billing_account: "000000-000000-000000" },
    },
  },
} as const satisfies Readonly<Record<string, WantedPlan>>;

export type PlanName = keyof typeof wantedPlans;

/** Most tests read it, also next to other plans. */
const alwaysPlanned: readonly PlanName[] = ["main"];
/** A commit tries one of these rows; tests read several plans of a row together. */
const rows: readonly (readonly PlanName[])[] = [
  ["managed", "bootstrap", "workflows"],
  ["small", "large"],
  ["trial", "abroad"],
];

/** Whether this run makes the plan; each takes seconds, and the commit chooses. */
export function isPlannedNow(name: PlanName): boolean {
  return alwaysPlanned.includes(name) || sharedOut(rows, rows.length).flat().includes(name);
}
