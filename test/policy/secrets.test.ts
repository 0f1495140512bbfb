/** What must never be in a plan or state: the value of a secret. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned, planOf } from "./support/plan.ts";
import { readAll } from "./support/read.ts";

const plans = ["main", "managed", "bootstrap", "workflows"] as const;

describe.skipIf(!isPlanned)("secrets", () => {
  test.each(plans)(
    "have no value in the state of %s: nothing writes or reads a version",
    (name) => {
      const types = planOf(name)
        .resources()
        .map(({ type }) => type);
      expect(types).not.toContain("google_secret_manager_secret_version");
      expect(types).not.toContain("google_service_account_key");
      expect(planOf(name).text).not.toContain("data.google_secret_manager");
    },
  );

  test.each(plans)("have no value in what is asked of %s, nor anywhere in its plan", (name) => {
    const { text } = planOf(name);
    expect(text).not.toMatch(/-----BEGIN|tb_(?:prod|dev)_[0-9a-f]{8}/);
    // The only long hex strings are digests of images.
    const hex = text.match(/(?<!sha256:)\b[0-9a-f]{40,}\b/g) ?? [];
    expect(hex).toEqual([]);
    const { variables } = z
      .object({ variables: z.record(z.string(), z.object({ value: z.unknown().optional() })) })
      .parse(JSON.parse(text));
    const named = Object.keys(variables).filter((each) => /secret|token|password|key/.test(each));
    const harmless = ["secret_versions", "secret_regions", "development_keys"];
    expect(named.filter((each) => !harmless.includes(each))).toEqual([]);
    expect(variables.secret_versions?.value ?? {}).toEqual(
      name === "main" || name === "managed"
        ? { gateway_tokens: "1", mail_login: "2", peppers: "3", provider_keys: "1" }
        : {},
    );
  });

  test("are mounted as files, each by the number of a version", () => {
    const Service = z.object({
      template: z.tuple([
        z.object({
          containers: z.array(
            z.object({
              env: z.array(z.object({ name: z.string(), value_source: z.array(z.unknown()) })),
            }),
          ),
          volumes: z.array(
            z.object({
              secret: z.array(z.object({ items: z.array(z.object({ version: z.string() })) })),
            }),
          ),
        }),
      ]),
    });
    const templates = readAll("main", "google_cloud_run_v2_service", Service).map(
      ({ values }) => values.template[0],
    );
    const versions = templates.flatMap(({ volumes }) =>
      volumes.flatMap(({ secret }) =>
        secret.flatMap(({ items }) => items.map((item) => item.version)),
      ),
    );
    expect(versions.length).toBeGreaterThan(5);
    for (const version of versions) expect(version).toMatch(/^[1-9][0-9]*$/);
    const fromSecrets = templates.flatMap(({ containers }) =>
      containers.flatMap(({ env }) => env.filter((each) => each.value_source.length > 0)),
    );
    expect(fromSecrets).toEqual([]);
  });
});
