import { describe, expect, test } from "vitest";
import { Plan, summarise, summaryLines } from "./plan-summary.ts";

const change = (address: string, actions: string[], more: object = {}) => {
  const parts = address.split(".");
  const inside = parts.length > 2 ? { module_address: parts.slice(0, 2).join(".") } : {};
  return { address, type: parts.at(-2), change: { actions }, ...inside, ...more };
};

const planOf = (...changes: object[]) => Plan.parse({ resource_changes: changes });

describe("a plan's summary", () => {
  test("counts by module, whatever the number of its instances", () => {
    const plan = planOf(
      change('module.functions["agents"].google_service_account.default', ["create"]),
      change('module.functions["keys"].google_service_account.default', ["create"]),
      change('module.functions["keys"].google_cloud_run_v2_service.default', ["update"]),
      change("google_compute_network.default", ["create"]),
      change("google_kms_key_ring.default", ["no-op"]),
    );
    expect(summaryLines(summarise(plan))).toEqual([
      "functions  2 to create, 1 to change",
      "root       1 to create",
    ]);
  });

  test("names each thing that would be lost, including what is only recreated", () => {
    const plan = planOf(
      change("module.database.google_firestore_database.main", ["delete"]),
      change("module.edge.google_compute_ssl_policy.default", ["create", "delete"]),
    );
    const lines = summaryLines(summarise(plan));
    expect(lines).toContain("destroys: module.database.google_firestore_database.main");
    expect(lines).toContain(
      "destroys and recreates: module.edge.google_compute_ssl_policy.default",
    );
  });

  test("says so if there is nothing to do, and counts reading as nothing", () => {
    const read = change("data.google_project.this", ["read"], { mode: "data" });
    expect(summaryLines(summarise(planOf(read)))).toEqual(["nothing to change"]);
  });
});
