/** What functions that open secrets can reach. */
import { describe, expect, test } from "vitest";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import type { PlanName } from "./support/plans.ts";

const { functions } = await listFunctions(repositoryRoot);
const opens = Object.entries(functions)
  .filter(([, { roles }]) =>
    roles.some((role) => role.startsWith("kms.unwrap.") || role === "secret.provider-keys"),
  )
  .map(([name]) => name);

/** The subnet of each function that has one. */
function subnets(name: PlanName): Record<string, string> {
  const services = planOf(name).resources("google_cloud_run_v2_service");
  const closed = services.flatMap(({ values }) => {
    const [template] = values.template as { vpc_access: Access[] }[];
    const [access] = template?.vpc_access ?? [];
    if (access === undefined) return [];
    expect(access.egress).toBe("ALL_TRAFFIC");
    const subnet = access.network_interfaces[0]?.subnetwork.split("/").at(-1) ?? "";
    return [[String(values.name), subnet]];
  });
  return Object.fromEntries(closed);
}
interface Access {
  egress: string;
  network_interfaces: { subnetwork: string }[];
}

interface Match {
  dest_fqdns?: string[] | null;
  dest_ip_ranges?: string[] | null;
  src_ip_ranges?: string[] | null;
}
const rules = (name: PlanName) =>
  planOf(name)
    .resources("google_compute_network_firewall_policy_rule")
    .map(({ values }) => ({
      action: values.action,
      priority: Number(values.priority),
      match: (values.match as Match[])[0],
    }))
    .sort((a, b) => a.priority - b.priority);

describe.skipIf(!isPlanned)("SEC-9 functions that open secrets can't send them anywhere", () => {
  test("each of them sends everything through a network of theirs", () => {
    expect(new Set(Object.keys(subnets("main")))).toEqual(new Set(opens));
    const { "model-gateway": gateway, ...others } = subnets("main");
    expect(gateway).toBe("functions-providers");
    expect(new Set(Object.values(others))).toEqual(new Set(["functions-google"]));
  });

  test("which leads to Google's APIs, and for the one gateway to the providers it names", () => {
    expect(rules("main")).toMatchObject([
      { action: "allow", match: { dest_ip_ranges: ["199.36.153.8/30"] } },
      { action: "deny", match: { dest_ip_ranges: ["0.0.0.0/0"] } },
    ]);
    const [google, providers, deny] = rules("large");
    expect(google?.match?.dest_ip_ranges).toEqual(["199.36.153.8/30"]);
    expect(providers).toMatchObject({
      action: "allow",
      match: { dest_fqdns: ["api.anthropic.com", "models.example.com"] },
    });
    const cidr = planOf("large").resource(
      'module.egress[0].google_compute_subnetwork.default["providers"]',
    );
    expect(providers?.match?.src_ip_ranges).toEqual([cidr.values.ip_cidr_range]);
    expect(deny?.action).toBe("deny");
  });

  test("no one of them takes a request before its way out works", () => {
    for (const name of opens) {
      const { values } = planOf("main").resource(
        `module.functions.google_cloud_run_v2_service.default["${name}"]`,
      );
      expect(JSON.stringify(values.template)).toContain(
        '{"name":"PADDOCK_AWAIT_EGRESS","value":"firestore.googleapis.com:443"',
      );
    }
  });
});
