/** Alerts are listed where the people whom they wake look for them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned } from "./support/plan.ts";
import { readAll } from "./support/read.ts";

const Policy = z.object({
  display_name: z.string(),
  severity: z.string(),
  documentation: z.tuple([z.object({ content: z.string() })]),
});

describe.skipIf(!isPlanned)("OPS-6 docs/on-call.md", () => {
  const rows = readFileSync("docs/on-call.md", "utf8")
    .split("\n")
    .map((line) =>
      /^\| (.+?) \| (now|today|week) \| \[[^\]]+\]\(operate\.md#([a-z-]+)\)/.exec(line),
    )
    .flatMap((found) => (found ? [{ alert: found[1], speed: found[2], runbook: found[3] }] : []));

  test("lists every alert of the deployment, and no other, with its runbook", () => {
    const policies = readAll("main", "google_monitoring_alert_policy", Policy).map(
      ({ values }) => ({
        alert: values.display_name.replace("api.example.com", "the domain"),
        runbook: values.documentation[0].content.split("#")[1],
      }),
    );
    const byAlert = (a: { alert: string | undefined }, b: { alert: string | undefined }) =>
      String(a.alert).localeCompare(String(b.alert), "en");
    const listed = rows.map(({ alert, runbook }) => ({ alert, runbook }));
    expect(listed.toSorted(byAlert)).toEqual(policies.toSorted(byAlert));
  });

  test("lets nothing critical wait", () => {
    const critical = readAll("main", "google_monitoring_alert_policy", Policy)
      .filter(({ values }) => values.severity === "CRITICAL")
      .map(({ values }) => values.display_name.replace("api.example.com", "the domain"));
    const atOnce = rows.filter(({ speed }) => speed === "now").map(({ alert }) => alert);
    expect(atOnce).toEqual(expect.arrayContaining(critical));
    expect(critical).not.toEqual([]);
  });
});
