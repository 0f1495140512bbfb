/** Where executions run, and what their network lets them reach. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { profileResources } from "#shared/core/executions/profiles";
import { jobName, networkModes, profiles } from "#shared/protocol/job";
import { isPlanned, type PlannedResource, planOf } from "./support/plan.ts";
import { referencesOf } from "./support/references.ts";

const kinds = profiles.flatMap((profile) => networkModes.map((network) => ({ profile, network })));
const subnetOf = (network: string) =>
  planOf("main").resource(`module.network.google_compute_subnetwork.runners["${network}"]`);

function jobOf(name: string): PlannedResource["values"] {
  return planOf("main").resource(`module.runner.google_cloud_run_v2_job.default["${name}"]`).values;
}

describe.skipIf(!isPlanned)("EXE-1 one container per execution", () => {
  test.each(kinds)("$profile with $network: started once, never again", ({ profile, network }) => {
    const { cpuMillis, memoryBytes } = profileResources[profile];
    const limits = { cpu: `${cpuMillis / 1_000}`, memory: `${memoryBytes / 1_048_576}Mi` };
    expect(jobOf(jobName(profile, network))).toMatchObject({
      name: jobName(profile, network),
      template: [
        {
          parallelism: 1,
          task_count: 1,
          template: [
            {
              execution_environment: "EXECUTION_ENVIRONMENT_GEN2",
              max_retries: 0,
              service_account: "runner@paddock-test.iam.gserviceaccount.com",
              containers: [
                { image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/), resources: [{ limits }] },
              ],
            },
          ],
        },
      ],
    });
  });

  test("and nothing is mounted that two executions could share", () => {
    for (const { values } of planOf("main").resources("google_cloud_run_v2_job")) {
      const [outer] = values.template as { template: { volumes: unknown[] }[] }[];
      expect(outer?.template[0]?.volumes ?? []).toEqual([]);
    }
  });
});

const Rule = z.object({
  allow: z.array(z.object({ protocol: z.string(), ports: z.array(z.string()).nullish() })),
  deny: z.array(z.object({ protocol: z.string() })),
  destination_ranges: z.array(z.string()).nullish(),
  source_ranges: z.array(z.string()).nullish(),
  direction: z.string(),
  priority: z.int(),
  target_tags: z.array(z.string()).nullish(),
});
type Rule = z.infer<typeof Rule>;

function rulesFor(tag: string, direction: string): Rule[] {
  return planOf("main")
    .resources("google_compute_firewall")
    .map(({ values }) => Rule.parse(values))
    .filter((rule) => rule.direction === direction)
    .filter(
      ({ target_tags: tags }) =>
        tags === null || tags === undefined || tags.length === 0 || tags.includes(tag),
    )
    .sort((a, b) => a.priority - b.priority);
}

describe.skipIf(!isPlanned)("NET-1 the network of an execution", () => {
  test.each(kinds)("$profile with $network sends everything through its subnet", (kind) => {
    const { values } = subnetOf(kind.network);
    expect(jobOf(jobName(kind.profile, kind.network)).template).toMatchObject([
      {
        template: [
          {
            vpc_access: [
              {
                egress: "ALL_TRAFFIC",
                network_interfaces: [
                  {
                    subnetwork: expect.stringMatching(new RegExp(`/${values.name}$`)),
                    tags: [`runner-${kind.network}`],
                  },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  test("none reaches the gateways' address on port 443, and nothing else", () => {
    const { values: address } = planOf("main").resource(
      "module.network.google_compute_address.gateways",
    );
    expect(address.address_type).toBe("INTERNAL");
    const rules = rulesFor("runner-none", "EGRESS");
    expect(rules).toMatchObject([
      {
        allow: [{ protocol: "tcp", ports: ["443"] }],
        deny: [],
        destination_ranges: [`${address.address}/32`],
      },
      { allow: [], deny: [{ protocol: "all" }], destination_ranges: ["0.0.0.0/0"] },
    ]);
  });

  test.each(["allowlist", "internet"])(
    "%s reaches public addresses, and no private one",
    (mode) => {
      const rules = rulesFor(`runner-${mode}`, "EGRESS");
      const open = rules.findIndex(
        (rule) => rule.allow.length > 0 && rule.destination_ranges?.[0] === "0.0.0.0/0",
      );
      const shut = rules.findIndex((rule) => rule.deny.length > 0);
      expect(shut).toBeLessThan(open);
      expect(rules[shut]?.destination_ranges).toEqual(
        expect.arrayContaining(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]),
      );
    },
  );

  // Direct VPC egress doesn't work under a denial with a higher rank.
  test("no rule denies at a priority of 1000 or less", () => {
    const rules = ["none", "allowlist", "internet"].flatMap((mode) =>
      rulesFor(`runner-${mode}`, "EGRESS"),
    );
    expect(Math.min(...rules.map(({ priority }) => priority))).toBeGreaterThan(1_000);
  });

  test("only allowlist and internet have a way out", () => {
    const nats = planOf("main")
      .resources("google_compute_router_nat")
      .filter(({ address }) => address.startsWith("module.network."));
    const names = nats.flatMap(({ values }) => {
      expect(values.source_subnetwork_ip_ranges_to_nat).toBe("LIST_OF_SUBNETWORKS");
      return (values.subnetwork as { name: string }[]).map(({ name }) => name.split("/").at(-1));
    });
    expect(names.sort()).toEqual(["runner-allowlist", "runner-internet"]);
  });

  test.each(networkModes)("%s can't ask Google's services, nor be called", (mode) => {
    expect(subnetOf(mode).values.private_ip_google_access).toBe(false);
    expect(rulesFor(`runner-${mode}`, "INGRESS")).toMatchObject([
      { allow: [], deny: [{ protocol: "all" }], source_ranges: ["0.0.0.0/0"] },
    ]);
  });

  test("no rule asks to be logged, which Google can't do for these containers", () => {
    for (const { values } of planOf("main").resources("google_compute_firewall")) {
      expect(values.log_config ?? []).toEqual([]);
    }
  });

  test("NET-7 names of containers and of Google's private ways lead nowhere", () => {
    const rules = planOf("main").resources("google_dns_response_policy_rule");
    const refused = rules.map(({ values }) => {
      const [local] = values.local_data as { local_datas: { rrdatas: string[] }[] }[];
      return `${values.dns_name} ${local?.local_datas[0]?.rrdatas[0]}`;
    });
    expect(refused.sort()).toEqual([
      "*.run.app. 0.0.0.0",
      "private.googleapis.com. 0.0.0.0",
      "restricted.googleapis.com. 0.0.0.0",
    ]);
    const policy = "module.network.google_dns_response_policy.default";
    expect(referencesOf("main", policy, "networks", "network_url")).toContain(
      "google_compute_network.default.id",
    );
  });

  test("each rule and each subnet is of the runners' network", () => {
    const rules = ["deny_egress", "deny_ingress", "gateways", "deny_special", "leave"];
    const parts = rules.map((rule) => `google_compute_firewall.${rule}`);
    for (const part of [...parts, "google_compute_subnetwork.runners"]) {
      const references = referencesOf("main", `module.network.${part}`, "network");
      expect(references, part).toContain("google_compute_network.default.id");
    }
    const planned = planOf("main").resources("google_compute_firewall");
    expect(planned.map((rule) => rule.name).sort()).toEqual(rules.toSorted());
  });

  test("the network is made for runners alone", () => {
    const network = planOf("main").resource("module.network.google_compute_network.default");
    expect(network.values).toMatchObject({ name: "runners", auto_create_subnetworks: false });
    const types = planOf("main")
      .resources()
      .map(({ type }) => type);
    expect(types.filter((type) => /peering|vpn|_instance$|interconnect/.test(type))).toEqual([]);
  });

  test("the gateways' name is known in that network, and there only", () => {
    const zones = planOf("main")
      .resources("google_dns_managed_zone")
      .filter(({ address }) => address.startsWith("module.network."));
    expect(zones).toMatchObject([
      { values: { dns_name: "gateway.api.example.com.", visibility: "private" } },
    ]);
  });
});

describe.skipIf(!isPlanned)("NET-7 runners in a project of their own", () => {
  const inProject = (project: string) =>
    planOf("managed")
      .resources()
      .filter(({ values }) => values.project === project);
  const types = (project: string) => new Set(inProject(project).map(({ type }) => type));

  test("leave no job and no container's network beside the functions", () => {
    const beside = types("paddock-test");
    expect(beside).not.toContain("google_cloud_run_v2_job");
    expect(beside).not.toContain("google_compute_router_nat");
    expect(beside).not.toContain("google_compute_firewall");
    const apart = types("paddock-runners");
    expect(apart).not.toContain("google_cloud_run_v2_service");
    expect(apart).not.toContain("google_storage_bucket");
    const jobs = planOf("managed").resources("google_cloud_run_v2_job");
    expect(jobs.length).toBe(
      inProject("paddock-runners").filter(({ type }) => type === "google_cloud_run_v2_job").length,
    );
    for (const { values } of jobs) {
      expect(JSON.stringify(values)).toContain("runner@paddock-runners.iam.gserviceaccount.com");
      expect(JSON.stringify(values)).toContain('{"name":"PADDOCK_OWN_PROJECT","value":"yes"');
    }
  });

  test("reach the gateways through one endpoint, which only their project may make", () => {
    const [attachment, ...others] = planOf("managed").resources(
      "google_compute_service_attachment",
    );
    expect(others).toEqual([]);
    expect(attachment?.values).toMatchObject({
      project: "paddock-test",
      connection_preference: "ACCEPT_MANUAL",
      consumer_accept_lists: [{ connection_limit: 1, project_id_or_num: "paddock-runners" }],
    });
    const endpoint = planOf("managed").resource(
      'module.network.google_compute_address.endpoint["apart"]',
    );
    const firewall = planOf("managed").resource("module.network.google_compute_firewall.gateways");
    expect(firewall.values.destination_ranges).toEqual([`${endpoint.values.address}/32`]);
  });

  test("are started by the same accounts, there, and watched and logged here", () => {
    const onJobs = planOf("managed").resources("google_cloud_run_v2_job_iam_member");
    expect(onJobs.length).toBeGreaterThan(0);
    for (const { values } of onJobs) {
      expect(values.project).toBe("paddock-runners");
      expect(values.member).toMatch(/@paddock-test\.iam/);
      expect(values.role).toMatch(/^roles\/run\.|^projects\/paddock-runners\/roles\//);
    }
    const sinks = planOf("managed").resources("google_logging_project_sink");
    const there = sinks.filter(({ values }) => values.project === "paddock-runners");
    expect(there.map(({ values }) => values.name).sort()).toEqual([
      "_Default",
      "paddock-audit",
      "paddock-executions",
    ]);
    for (const { values } of there) expect(values.destination).toContain("projects/paddock-test/");
    const metric = planOf("managed").resource(
      'module.watch.google_logging_metric.default["endings"]',
    );
    expect(metric.values.bucket_name).toContain("/buckets/paddock-executions");
  });
});
