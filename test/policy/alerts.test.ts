/** What is monitored, and that a person is alerted in time. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { idleMonth, idleTrialMonth } from "../../sim/usage.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import { days, readAll } from "./support/read.ts";

const Aggregation = z.object({ alignment_period: z.string() });
const Threshold = z.object({ duration: z.string(), aggregations: z.array(Aggregation) });
const Policy = z.object({
  display_name: z.string(),
  enabled: z.boolean(),
  severity: z.string(),
  /** Unknown until they are made, but their number is known. */
  notification_channels: z.array(z.null()),
  documentation: z.tuple([z.object({ content: z.string() })]),
  conditions: z.array(
    z.object({
      condition_matched_log: z.array(z.object({ filter: z.string() })),
      condition_threshold: z.array(Threshold),
      condition_absent: z.array(z.unknown()),
    }),
  ),
});
const policies = (plan: "main" | "managed" = "main") =>
  readAll(plan, "google_monitoring_alert_policy", Policy);
const seconds = (text: string) => Number(text.replace(/s$/, ""));

describe.skipIf(!isPlanned)("INC-2 alerts", () => {
  test("reach a person, and a pager where there is one", () => {
    expect(policies().length).toBeGreaterThanOrEqual(14);
    for (const { values } of policies()) {
      expect(values.enabled).toBe(true);
      expect(values.notification_channels.length).toBeGreaterThanOrEqual(1);
    }
    for (const { values } of policies("managed")) {
      expect(values.notification_channels.length).toBeGreaterThanOrEqual(2);
    }
    const Channel = z.object({ type: z.string(), labels: z.record(z.string(), z.string()) });
    const channels = readAll("managed", "google_monitoring_notification_channel", Channel);
    expect(channels.map(({ values }) => [values.type, Object.values(values.labels)[0]])).toEqual([
      ["email", "alerts@example.com"],
      ["email", "component@status.example.com"],
      ["webhook_tokenauth", "https://pager.example.com/hook"],
    ]);
  });

  test("begin within two minutes of what they tell, by their own arithmetic", () => {
    for (const { values } of policies()) {
      for (const condition of values.conditions) {
        expect(condition.condition_absent).toEqual([]);
        const waits = condition.condition_threshold.map(
          ({ duration, aggregations }) =>
            seconds(duration) +
            Math.max(0, ...aggregations.map((each) => seconds(each.alignment_period))),
        );
        expect(Math.max(0, ...waits)).toBeLessThanOrEqual(60);
        expect(waits.length + condition.condition_matched_log.length).toBe(1);
      }
    }
  });

  test("tell what the project costs, before it has cost all of it", () => {
    const Budget = z.object({
      amount: z.tuple([z.object({ specified_amount: z.tuple([z.object({ units: z.string() })]) })]),
      budget_filter: z.tuple([z.object({ projects: z.array(z.string()) })]),
      threshold_rules: z.array(z.object({ threshold_percent: z.number() })),
    });
    expect(readAll("managed", "google_billing_budget", Budget).map(({ values }) => values)).toEqual(
      [
        {
          amount: [{ specified_amount: [{ units: "500" }] }],
          budget_filter: [{ projects: ["projects/123456789012", "projects/210987654321"] }],
          threshold_rules: [0.5, 0.9, 1, 1.2].map((percent) => ({ threshold_percent: percent })),
        },
      ],
    );
    expect(readAll("main", "google_billing_budget", Budget)).toEqual([]);
  });

  test("are in the table of costs, each with what its condition costs, and so are the zones", () => {
    const conditions = policies().flatMap(({ values }) => values.conditions);
    expect(idleMonth.alertConditions).toBe(conditions.length);
    const zones = ["google_dns_managed_zone", "google_dns_response_policy"].flatMap((type) =>
      planOf("main").resources(type),
    );
    expect(idleMonth.dnsZones).toBe(zones.length);
  });

  test("and so is all else that costs while nobody calls", () => {
    const plan = planOf("main");
    const schedules = plan
      .resources("google_cloud_scheduler_job")
      .map(({ values }) => String(values.schedule));
    expect(idleMonth.schedulerJobs).toBe(schedules.length);
    const everyMinutes: Record<string, number> = { "* * * * *": 1, "*/5 * * * *": 5 };
    const calls = schedules.reduce((sum, each) => sum + 43_800 / (everyMinutes[each] ?? 0), 0);
    expect(idleMonth.functionRequests).toBeCloseTo(calls);
    const [armor] = plan.resources("google_compute_security_policy");
    expect([armor?.values.rule].flat().length).toBe(idleMonth.armorRules);
    const versions = plan.resources("google_kms_crypto_key").map(({ values }) => {
      const rotation = values.rotation_period;
      return typeof rotation === "string" ? 1 + Math.floor(365 / days(rotation)) : 1;
    });
    expect(idleMonth.kmsVersions).toBe(versions.reduce((sum, each) => sum + each, 0));
    expect(idleTrialMonth.kmsVersions).toBe(versions.length);
  });

  test("and the versions of secrets, in each region that keeps one", () => {
    const Secret = z.object({
      replication: z.tuple([
        z.object({ user_managed: z.tuple([z.object({ replicas: z.array(z.unknown()) })]) }),
      ]),
    });
    const replicas = readAll("bootstrap", "google_secret_manager_secret", Secret).map(
      ({ values }) => values.replication[0].user_managed[0].replicas.length,
    );
    expect(idleMonth.secretVersions).toBe(replicas.reduce((sum, each) => sum + each, 0));
  });

  test("name what to do about them", () => {
    for (const { values } of policies()) {
      expect(values.documentation[0].content).toMatch(/docs\/operate\.md#[a-z-]+$/);
    }
  });

  test("go out for what a thief of a login does first, and not for the workflow's own changes", () => {
    const filterOf = (plan: "main" | "managed", name: string) =>
      policies(plan)
        .find(({ key }) => key === name)
        ?.values.conditions[0]?.condition_matched_log.map(({ filter }) => filter)
        .join("") ?? "";
    expect(filterOf("main", "rights")).toContain("SetIamPolicy$|CreateServiceAccountKey$");
    expect(filterOf("main", "rights")).not.toContain("principalEmail");
    expect(filterOf("managed", "rights")).toContain(
      'principalEmail!="paddock-deploy@paddock-test.iam.gserviceaccount.com" OR protoPayload.methodName=~"CreateServiceAccountKey$")',
    );
    expect(filterOf("main", "operator-account")).toContain('email_id="operator@example.com"');
    expect(filterOf("main", "key-denials")).toContain("protoPayload.status.code=7");
    expect(filterOf("main", "records")).toMatch(
      /logging\.googleapis\.com.* OR .*auditConfigDeltas/,
    );
  });

  test("go out when a workflow's account reads data or grants itself rights, or a stranger a secret", () => {
    const filterOf = (name: string) =>
      policies("managed")
        .find(({ key }) => key === name)
        ?.values.conditions[0]?.condition_matched_log.map(({ filter }) => filter)
        .join("") ?? "";
    /** The regular expression that a filter compares a field with. */
    const pattern = (filter: string, field: string) =>
      new RegExp(new RegExp(`${field}=~"([^"]*)"`).exec(filter)?.[1] ?? "nothing at all");
    const deployer = '"paddock-deploy@paddock-test.iam.gserviceaccount.com"';
    const reads = pattern(filterOf("workflow-reads"), "methodName");
    expect(filterOf("workflow-reads")).toContain(`principalEmail=(${deployer}`);
    for (const method of [
      "google.firestore.v1.Firestore.RunQuery",
      "google.firestore.v1.Firestore.BatchGetDocuments",
      "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
      "google.iam.credentials.v1.IAMCredentials.GenerateAccessToken",
      "google.iam.credentials.v1.IAMCredentials.SignJwt",
      "google.cloud.kms.v1.KeyManagementService.Decrypt",
    ]) {
      expect(method).toMatch(reads);
    }
    expect("google.firestore.admin.v1.FirestoreAdmin.GetDatabase").not.toMatch(reads);
    const members = pattern(filterOf("workflow-grants"), "member");
    for (const member of ["user:me@example.com", "allUsers", "serviceAccount:paddock-deploy@x"]) {
      expect(member).toMatch(members);
    }
    expect("serviceAccount:fn-keys@x").not.toMatch(members);
    const ours = pattern(filterOf("secret-reads"), "principalEmail");
    expect("fn-keys@paddock-test.iam.gserviceaccount.com").toMatch(ours);
    expect("paddock-deploy@paddock-test.iam.gserviceaccount.com").not.toMatch(ours);
  });

  test("go out for whatever the code calls an alarm, with no line of Terraform for each", () => {
    const filters = policies().flatMap(({ values }) =>
      values.conditions.flatMap(({ condition_matched_log: logs }) => logs.map((log) => log.filter)),
    );
    expect(filters).toContain("jsonPayload.alarm=true");
  });
});

describe.skipIf(!isPlanned)("OPS-6 from outside", () => {
  const Check = z.object({
    period: z.string(),
    selected_regions: z.array(z.string()),
    http_check: z.tuple([
      z.object({ path: z.string(), use_ssl: z.boolean(), validate_ssl: z.boolean() }),
    ]),
    monitored_resource: z.tuple([z.object({ labels: z.object({ host: z.string() }) })]),
  });

  test("health is asked for every minute, from three places, with a certificate that holds", () => {
    const [check, ...others] = readAll("main", "google_monitoring_uptime_check_config", Check);
    expect(others).toEqual([]);
    expect(check?.values).toMatchObject({
      period: "60s",
      http_check: [{ path: "/v1/health", use_ssl: true, validate_ssl: true }],
      monitored_resource: [{ labels: { host: "api.example.com" } }],
    });
    expect(check?.values.selected_regions).toHaveLength(3);
    const list = z
      .object({
        functions: z.record(
          z.string(),
          z.object({
            routes: z.array(z.object({ path: z.string(), authenticate: z.string() })),
          }),
        ),
      })
      .parse(JSON.parse(readFileSync("dist/functions.json", "utf8")));
    const routes = Object.values(list.functions).flatMap(({ routes: own }) => own);
    expect(routes).toContainEqual({ path: "/v1/health", authenticate: "public" });
  });

  test("somebody is woken when it fails, and the status page told", () => {
    const health = policies().find(({ address }) => address.endsWith("policy.health"));
    expect(health?.values).toMatchObject({ severity: "CRITICAL" });
    const told = (name: string) =>
      policies("managed").find(({ address }) => address.endsWith(name))?.values
        .notification_channels.length;
    expect(told("policy.health")).toBe(3);
    expect(told("policy.failing")).toBe(3);
    // What clients don't notice doesn't page anyone.
    expect(told('policy.sum["refused-credentials"]')).toBe(2);
  });

  test("a page shows it all, and objectives say what is good enough", () => {
    const types = planOf("main")
      .resources()
      .map(({ type }) => type);
    expect(types).toContain("google_monitoring_dashboard");
    expect(types.filter((type) => type === "google_monitoring_slo")).toHaveLength(2);
  });
});
