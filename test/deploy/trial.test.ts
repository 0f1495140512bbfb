/** A trial is deployed by the same command, without a domain to wait for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Deployment, makeDeployment } from "./support/deployment.ts";

let made: Deployment;
beforeEach(async () => {
  // Nobody has pointed a name anywhere, and no certificate will ever be issued.
  made = await makeDeployment({ dns: {}, certificateState: "FAILED" });
});
afterEach(async () => {
  await made.end();
});

const trial = async (...args: string[]) => await made.run(["--profile", "trial", ...args]);
const settings = () => {
  const kept = join(made.folder, "kept/demo-1234/terraform/paddock.auto.tfvars.json");
  return JSON.parse(readFileSync(kept, "utf8"));
};

describe("--profile trial", () => {
  test("takes an empty project to a release at Cloud Run's own address", async () => {
    const ended = await trial("--yes", "--no-smoke");
    expect(ended.output).toMatch(/✓ release \d{8}T\d{9}Z-/);
    expect(ended.output).toContain(
      "https://front-123456789012.us-central1.run.app, which is Cloud",
    );
    expect(ended.output).not.toContain("Add these records");
    expect(ended.code).toBe(0);
    expect(settings()).toMatchObject({ profile: "trial", project_number: "123456789012" });
    expect(settings().domain).toBeUndefined();
    const again = await trial("--yes", "--no-smoke");
    expect(again.output.match(/nothing to change/g)?.length).toBe(2);
    expect((await made.run(["--destroy"])).output).not.toContain("DNS records of the domain");
  });

  test("is left for a domain by naming it, and the other way round", async () => {
    await trial("--yes", "--no-smoke");
    await made.run(["--yes", "--no-smoke"], { PADDOCK_DEPLOY_WAIT_MS: "0" });
    expect(settings()).toMatchObject({ domain: "api.example.com" });
    expect(settings().profile).toBeUndefined();
    await trial("--yes", "--no-smoke");
    expect(settings().profile).toBe("trial");
    expect(settings().domain).toBeUndefined();
  });

  test("says in the dry run that there is nothing to wait for", async () => {
    const { code, output } = await trial("--dry-run");
    expect(output).toContain("5. Address");
    expect(output).not.toContain("three records");
    expect(output).toContain("against https://front-NUMBER-OF-THE-PROJECT.us-central1.run.app");
    expect(code).toBe(0);
  });

  test("asks whether the organisation lets services be called from outside", async () => {
    const rules = [{ values: { allowedValues: ["internal-and-cloud-load-balancing"] } }];
    made.google.world.policies["run.allowedIngress"] = { rules };
    const { code, output } = await trial("--preflight");
    expect(output).toContain("run.allowedIngress forbids it: a trial's services are called at");
    expect(code).toBe(1);
  });

  test.each([
    [["--domain", "api.example.com"], "A trial has no domain"],
    [["--runner-project", "demo-runners"], "only runners of the same project reach"],
  ])("refuses %j", async (args, sentence) => {
    const { code, output } = await trial(...args, "--dry-run");
    expect(output).toContain(sentence);
    expect(code).toBe(2);
  });

  test("refuses another name of a profile", async () => {
    const { code, output } = await made.run(["--profile", "small", "--dry-run"]);
    expect(output).toContain("--profile small is neither standard nor trial");
    expect(code).toBe(2);
  });
});
