import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Environment } from "../store/environments.ts";
import { Execution } from "../store/executions.ts";
import { resolveNetworkPolicy } from "./resolve-network-policy.ts";

const stored = (name: string): object =>
  JSON.parse(readFileSync(`test/fixtures/documents/${name}.json`, "utf8"));

describe("documents from before allow-lists", () => {
  const environment = Environment.parse(stored("environment-before-allow-lists"));

  test("an environment allows no host by name, and what it said before is still so", () => {
    expect(environment.networkAllow).toEqual([]);
    const asked = { internetAccess: null, network: null };
    expect(resolveNetworkPolicy(environment, asked)).toMatchObject({
      mode: "internet",
      job: "internet",
    });
  });

  test("an execution that was started has the caps of today", () => {
    const { network } = Execution.parse(stored("execution-before-cancellation"));
    expect(network).toMatchObject({ mode: "none", limits: { connectionsMax: 256 } });
  });

  test("what a message closes is closed underneath, too: F5 the job is of the same class", () => {
    const closed = resolveNetworkPolicy(environment, { internetAccess: false, network: null });
    expect(closed).toMatchObject({ mode: "none", allow: [], job: "none" });
  });
});
