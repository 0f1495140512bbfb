/** The trial: what stands where the load balancers do elsewhere, and that nothing else is open. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { idleTrialMonth } from "../../sim/usage.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import { readAll } from "./support/read.ts";

const { functions } = await listFunctions(repositoryRoot);
const isScheduled = (name: string) =>
  functions[name]?.routes.some(({ authenticate }) => authenticate === "scheduler") === true;
const names = Object.keys(functions);
const fronted = names.filter((name) => !isScheduled(name));
const trial = () => planOf("trial");
const urlOf = (name: string) => `https://${name}-123456789012.us-central1.run.app`;

const Service = z.object({
  name: z.string(),
  ingress: z.string(),
  invoker_iam_disabled: z.boolean(),
  default_uri_disabled: z.boolean().nullish(),
  custom_audiences: z.array(z.string()).nullish(),
  template: z.tuple([
    z.object({
      service_account: z.string(),
      scaling: z.tuple([z.object({ max_instance_count: z.int() })]),
      containers: z.tuple([
        z.object({ env: z.array(z.object({ name: z.string(), value: z.string().nullish() })) }),
      ]),
    }),
  ]),
});
const services = () => readAll("trial", "google_cloud_run_v2_service", Service);

function serviceOf(name: string) {
  const found = services().find(({ values }) => values.name === name);
  if (found === undefined) throw new Error(`the plan has no service ${name}`);
  return found.values;
}

function environmentOf(name: string): Record<string, string | null | undefined> {
  const [{ containers }] = serviceOf(name).template;
  return Object.fromEntries(containers[0].env.map((one) => [one.name, one.value]));
}

describe.skipIf(!isPlanned)("a trial", () => {
  test("has nothing that costs while nobody calls: no balancer, no Armor, no certificate", () => {
    const dear = trial()
      .resources()
      .map(({ type }) => type)
      .filter((type) =>
        /forwarding_rule|backend_service|security_policy|url_map|certificate|_address$|group$/.test(
          type,
        ),
      );
    expect(dear).toEqual([]);
    expect(
      trial()
        .resources("google_dns_managed_zone")
        .map(({ values }) => values.name),
    ).toEqual(["google-apis"]);
  });

  test("costs what the table of costs says: each condition of an alert, each zone", () => {
    const Policy = z.object({ conditions: z.array(z.unknown()) });
    const conditions = readAll("trial", "google_monitoring_alert_policy", Policy).flatMap(
      ({ values }) => values.conditions,
    );
    expect(idleTrialMonth.alertConditions).toBe(conditions.length);
    const zones = ["google_dns_managed_zone", "google_dns_response_policy"].flatMap((type) =>
      trial().resources(type),
    );
    expect(idleTrialMonth.dnsZones).toBe(zones.length);
  });

  test("tells its clients the address of its front", () => {
    expect(trial().outputs.url).toBe(urlOf("front"));
    expect(trial().outputs.dns_authorization_records).toEqual({});
    expect(trial().outputs.load_balancer_address ?? null).toBeNull();
  });

  test("EDG-6 opens to everybody what stands in front alone", () => {
    const open = services()
      .filter(
        ({ values }) => values.ingress === "INGRESS_TRAFFIC_ALL" && values.invoker_iam_disabled,
      )
      .map(({ values }) => values.name);
    expect(open).toEqual(["front"]);
    expect(serviceOf("gateways")).toMatchObject({
      ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      invoker_iam_disabled: true,
    });
  });

  test.each(fronted)("EDG-6 lets Google refuse all calls of %s but its front's", (name) => {
    expect(serviceOf(name)).toMatchObject({
      ingress: "INGRESS_TRAFFIC_ALL",
      invoker_iam_disabled: false,
      default_uri_disabled: false,
      custom_audiences: [urlOf(name)],
    });
    const { values } = trial().resource(
      `module.functions.google_cloud_run_v2_service_iam_member.front["${name}"]`,
    );
    const front = functions[name]?.visibility === "edge" ? "front" : "gateways";
    expect(values).toMatchObject({
      name,
      role: "roles/run.invoker",
      member: `serviceAccount:fn-${front}@example-paddock.iam.gserviceaccount.com`,
    });
  });

  test.each(names.filter(isScheduled))("leaves %s to Scheduler, as elsewhere", (name) => {
    expect(serviceOf(name)).toMatchObject({
      ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      invoker_iam_disabled: true,
    });
  });

  test("OPS-1 gives its fronts no right but those calls, and nobody else a right to call", () => {
    const invokers = trial().resources("google_cloud_run_v2_service_iam_member");
    expect(invokers.length).toBe(fronted.length);
    const others = trial()
      .resources()
      .filter(({ type }) => type !== "google_cloud_run_v2_service_iam_member")
      .filter(({ type }) => /_iam_|_policy$/.test(type))
      .filter(({ values }) => /fn-(front|gateways)@/.test(JSON.stringify(values)));
    expect(others.map(({ address }) => address)).toEqual([]);
  });

  test("EDG-2 counts the requests of an address in one instance", () => {
    expect(serviceOf("front").template[0].scaling[0].max_instance_count).toBe(1);
    expect(environmentOf("front")).toMatchObject({
      FUNCTION_TARGET: "front",
      PADDOCK_FRONT_SIDE: "edge",
      PADDOCK_FRONT_SERVICES: urlOf("{function}"),
      PADDOCK_LIMITS: JSON.stringify({ addresses: {} }),
    });
    expect(environmentOf("gateways").PADDOCK_FRONT_SIDE).toBe("gateways");
  });

  test("KEY-9 names audiences that Cloud Run doesn't know for its own", () => {
    expect(trial().outputs.audiences).toEqual({
      gateway: "https://gateway.example-paddock.paddock.internal",
      maintenance: "https://maintenance.example-paddock.paddock.internal",
      operator: "https://example-paddock.paddock.internal",
    });
  });

  test("lets runners reach Cloud Run's addresses, and nothing else without a network", () => {
    const Job = z.object({
      template: z.tuple([
        z.object({
          template: z.tuple([
            z.object({
              containers: z.tuple([
                z.object({ env: z.array(z.object({ name: z.string(), value: z.string() })) }),
              ]),
            }),
          ]),
        }),
      ]),
    });
    for (const { values } of readAll("trial", "google_cloud_run_v2_job", Job)) {
      const [{ containers }] = values.template[0].template;
      expect(containers[0].env).toContainEqual({
        name: "PADDOCK_GATEWAY_URL",
        value: urlOf("gateways"),
      });
    }
    const rule = trial().resource("module.network.google_compute_firewall.gateways").values;
    expect(rule).toMatchObject({
      destination_ranges: ["34.143.72.0/21"],
      allow: [{ protocol: "tcp", ports: ["443"] }],
    });
    const refused = trial().resources("google_dns_response_policy_rule");
    expect(refused.map(({ values }) => values.rule_name).sort()).toEqual(["private", "restricted"]);
    for (const { values } of trial().resources("google_compute_subnetwork")) {
      expect(values.private_ip_google_access, String(values.name)).toBe(true);
    }
  });

  test("OPS-6 watches its front as a balancer is watched elsewhere", () => {
    const Policy = z.object({
      conditions: z.tuple([
        z.object({ condition_threshold: z.tuple([z.object({ filter: z.string() })]) }),
      ]),
    });
    const failing = trial().resource("module.watch.google_monitoring_alert_policy.failing").values;
    const [{ condition_threshold: threshold }] = Policy.parse(failing).conditions;
    expect(threshold[0].filter).toContain('resource.labels.service_name="front"');
    expect(threshold[0].filter).toContain('metric.labels.response_code_class="5xx"');
    expect(trial().text).not.toContain("https_lb_rule");
  });
});
