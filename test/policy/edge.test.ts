/** What protects the public functions. */
import { describe, expect, test } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, type Plan, planOf } from "./support/plan.ts";
import { referencesOf } from "./support/references.ts";

const { functions } = await listFunctions(repositoryRoot);
const namesOf = (visibility: string) =>
  Object.entries(functions)
    .filter(([, listed]) => listed.visibility === visibility)
    .map(([name]) => name);

function backendsOf(plan: Plan) {
  return plan.resources("google_compute_backend_service").map(({ values }) => values);
}

function rulesOf(plan: Plan): Record<string, unknown>[] {
  const { values } = plan.resource("module.edge.google_compute_security_policy.default");
  return values.rule as Record<string, unknown>[];
}

/** Every rule's expression; null for a rule by address. */
function expressionOf(rule: Record<string, unknown>): string | null {
  const [match] = rule.match as { expr: { expression: string }[] }[];
  return match?.expr[0]?.expression ?? null;
}

const wafRules = (plan: Plan) => rulesOf(plan).filter((rule) => expressionOf(rule) !== null);

describe.skipIf(!isPlanned)("EDG-1 Cloud Armor", () => {
  test("guards every public function, with the one policy", () => {
    const guarded = backendsOf(planOf("main")).map(({ name }) => name);
    expect(guarded.sort()).toEqual(namesOf("edge").map((name) => `edge-${name}`));
    const backend = "module.edge.google_compute_backend_service.default";
    expect(referencesOf("main", backend, "security_policy")).toContain(
      "google_compute_security_policy.default.id",
    );
    expect(planOf("main").resources("google_compute_security_policy")).toHaveLength(1);
  });

  test("stands before each function's own endpoint group, and leads to its service alone", () => {
    for (const [module, prefix] of [
      ["module.edge.google_compute_backend_service.default", "edge"],
      ["module.network.google_compute_region_backend_service.gateways", "gateway"],
    ] as const) {
      const name = module.split(".").at(-1);
      const group = `google_compute_region_network_endpoint_group.${name}`;
      const references = referencesOf("main", module, "backend", "group");
      expect(references).toEqual(expect.arrayContaining([group, "each.key"]));
      const service = `${module.split(".").slice(0, 2).join(".")}.${group}`;
      for (const { address, index, values } of planOf("main").resources(group.split(".")[0])) {
        if (!address.startsWith(service)) continue;
        expect(values.name).toBe(`${prefix}-${index}`);
        expect(values.cloud_run).toMatchObject([{ service: index }]);
      }
    }
  });

  test("uses the current core rule set and adaptive protection", () => {
    const plan = planOf("main");
    const sets = wafRules(plan).map(
      (rule) => /'([a-z]+)-v422-stable'/.exec(String(expressionOf(rule)))?.[1],
    );
    expect(new Set(sets)).toEqual(
      new Set([
        ...["generic", "java", "lfi", "php", "protocolattack", "rce", "rfi"],
        ...["scannerdetection", "sessionfixation", "sqli", "xss"],
      ]),
    );
    const { values } = plan.resource("module.edge.google_compute_security_policy.default");
    expect(values.adaptive_protection_config).toMatchObject([
      { layer_7_ddos_defense_config: [{ enable: true }] },
    ]);
  });

  test("only logs what its rules match until it is told to refuse", () => {
    expect(wafRules(planOf("main")).every(({ preview }) => preview === true)).toBe(true);
    const enforced = wafRules(planOf("large"));
    expect(enforced.every((rule) => rule.preview === false && rule.action === "deny(403)")).toBe(
      true,
    );
  });

  // The throttling rule admits requests below the limit, so later rules would never be evaluated.
  test("evaluates its rules before it counts", () => {
    const rules = rulesOf(planOf("main"));
    const limit = rules.find(({ action }) => action === "throttle");
    const last = Math.max(...wafRules(planOf("main")).map(({ priority }) => Number(priority)));
    expect(Number(limit?.priority)).toBeGreaterThan(last);
  });

  test("reads no code in the fields of a body, and no uploaded file", () => {
    const rules = wafRules(planOf("main")).filter(
      ({ description }) => !/scanner/.test(String(description)),
    );
    for (const rule of rules) {
      expect(rule.preconfigured_waf_config).toMatchObject([
        { exclusion: [{ request_query_param: [{ operator: "EQUALS_ANY" }] }] },
      ]);
      const raw = /!request\.path\.matches\('(.+)'\)/.exec(String(expressionOf(rule)))?.[1];
      expect("/v1/environments/env_1/files/upload").toMatch(new RegExp(raw ?? "^$"));
    }
  });
});

describe.skipIf(!isPlanned)("EDG-2 the limit per address", () => {
  test("is 1,000 requests in 15 minutes, and 429 above it", () => {
    const limit = rulesOf(planOf("main")).find(({ action }) => action === "throttle");
    expect(limit).toMatchObject({
      preview: false,
      match: [{ versioned_expr: "SRC_IPS_V1", config: [{ src_ip_ranges: ["*"] }] }],
      rate_limit_options: [
        {
          conform_action: "allow",
          exceed_action: "deny(429)",
          enforce_on_key: "IP",
          rate_limit_threshold: [{ count: 1_000, interval_sec: 900 }],
        },
      ],
    });
  });
});

describe.skipIf(!isPlanned)("EDG-3 TLS", () => {
  test.each([
    ["google_compute_target_https_proxy", "google_compute_ssl_policy"],
    ["google_compute_region_target_https_proxy", "google_compute_region_ssl_policy"],
  ])("of every %s is 1.2 at least, with modern ciphers", (proxyType, policyType) => {
    const plan = planOf("main");
    const policies = plan.resources(policyType);
    for (const { values } of policies) {
      expect(values).toMatchObject({ min_tls_version: "TLS_1_2", profile: "RESTRICTED" });
    }
    const proxies = plan.resources(proxyType);
    expect(proxies).toHaveLength(policies.length);
    for (const { address } of proxies) {
      const declared = address.replaceAll(/\[[^\]]*\]/g, "");
      const names = referencesOf("main", declared, "ssl_policy").join(" ");
      expect(names).toContain(`${policyType}.${declared.split(".").at(-1)}`);
    }
  });

  test("has certificates that Google makes and renews, for the names that are called", () => {
    const certificates = planOf("main").resources("google_certificate_manager_certificate");
    const domains = certificates.flatMap(({ values }) => {
      const [managed] = values.managed as { domains: string[] }[];
      return managed?.domains ?? [];
    });
    expect(domains.sort()).toEqual(["api.example.com", "gateway.api.example.com"]);
    expect(planOf("main").resources("google_compute_ssl_certificate")).toEqual([]);
  });

  test("is required of every answer for two years (EDG-4)", () => {
    for (const { custom_response_headers: headers } of backendsOf(planOf("main"))) {
      const sent = (headers as string[]).map((header) => {
        const [name = "", ...value] = header.split(": ");
        return [name.toLowerCase(), value.join(": ")];
      });
      const { "cache-control": _, ...wanted } = securityHeaders;
      expect(Object.fromEntries(sent)).toEqual(wanted);
    }
  });
});

describe.skipIf(!isPlanned)("EDG-5 nothing listens for plain HTTP", () => {
  test("every forwarding rule is for port 443 and an HTTPS proxy", () => {
    const plan = planOf("main");
    const rules = [
      ...plan.resources("google_compute_global_forwarding_rule"),
      ...plan.resources("google_compute_forwarding_rule"),
    ];
    expect(rules).toHaveLength(2);
    for (const { address, values } of rules) {
      expect(values).toMatchObject({ port_range: "443", ip_protocol: "TCP" });
      const declared = address.replaceAll(/\[[^\]]*\]/g, "");
      const [target] = referencesOf("main", declared, "target");
      expect(target).toMatch(/^google_compute_(region_)?target_https_proxy\./);
    }
  });

  test("and there is no proxy for HTTP at all", () => {
    const types = planOf("main")
      .resources()
      .map(({ type }) => type);
    expect(types.filter((type) => /target_(http|tcp|ssl)_proxy$/.test(type))).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("EDG-6 functions are reached one way only", () => {
  const serviceOf = (name: string) =>
    planOf("main").resource(`module.functions.google_cloud_run_v2_service.default["${name}"]`);

  test.each(namesOf("edge"))("%s: through the load balancer", (name) => {
    expect(serviceOf(name).values).toMatchObject({
      default_uri_disabled: true,
      ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    });
  });

  test.each(namesOf("internal"))("%s: not from outside, by no way", (name) => {
    expect(serviceOf(name).values.ingress).toBe("INGRESS_TRAFFIC_INTERNAL_ONLY");
    expect(backendsOf(planOf("main")).map((backend) => backend.name)).not.toContain(`edge-${name}`);
  });

  test("only what Scheduler calls has an address of its own", () => {
    const open = planOf("main")
      .resources("google_cloud_run_v2_service")
      .filter(({ values }) => values.default_uri_disabled === false)
      .map(({ index }) => index);
    const scheduled = Object.entries(functions).filter(([, { routes }]) =>
      routes.some(({ everyMs }) => everyMs !== null),
    );
    expect(open).toEqual(scheduled.map(([name]) => name));
  });
});
