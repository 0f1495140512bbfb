/** `--runner-project`: a second project is made by the same command, if it can be made at all. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { GoogleWorld } from "../kit/google-world.ts";
import { sharedOut } from "../kit/shard.ts";
import { type Deployment, makeDeployment } from "./support/deployment.ts";

let made: Deployment | null = null;
afterEach(async () => {
  await made?.end();
  made = null;
});

const runner = ["--runner-project", "demo-runners"];
async function tried(changed: Partial<GoogleWorld>, ...args: readonly string[]) {
  made = await makeDeployment(changed);
  const ended = await made.run(["--yes", "--no-smoke", ...runner, ...args]);
  return { ...ended, deployment: made };
}

/** What was applied with, by root. */
function runnerProjectOf({ folder }: Deployment, root: "main" | "bootstrap") {
  return JSON.parse(readFileSync(join(folder, `variables-${root}.json`), "utf8")).runner_project;
}

describe("--runner-project", () => {
  test("is made beside the main project, and later runs remember it", async () => {
    const { code, output, deployment } = await tried({});
    expect(output).toContain("Whether the id demo-runners is free shows when bootstrap makes");
    expect(output).toMatch(/✓ release \d{8}T\d{9}Z-/);
    expect(code).toBe(0);
    expect(runnerProjectOf(deployment, "bootstrap")).toEqual({
      id: "demo-runners",
      billing_account: "012345-6789AB-CDEF01",
      org_id: "987654321098",
    });
    expect(runnerProjectOf(deployment, "main")).toEqual({
      id: "demo-runners",
      number: "210987654321",
    });
    deployment.google.world.otherProjects["demo-runners"] = {
      displayName: "Paddock runners",
      state: "ACTIVE",
    };
    const again = await deployment.run(["--yes", "--no-smoke"]);
    expect(again.output.match(/nothing to change/g)?.length).toBe(2);
    expect(runnerProjectOf(deployment, "main").id).toBe("demo-runners");
    expect((await deployment.run(["--preflight", ...runner])).output).toContain(
      "demo-runners, made by an earlier run",
    );
  });

  test("in a folder, or in no organisation at all", async () => {
    const inFolder = await tried({ parent: "folders/55" });
    expect(runnerProjectOf(inFolder.deployment, "bootstrap")).toMatchObject({ folder_id: "55" });
    await inFolder.deployment.end();
    const alone = await tried({ parent: "", heldOutside: ["billing.resourceAssociations.create"] });
    expect(alone.code).toBe(0);
    const single = runnerProjectOf(alone.deployment, "bootstrap");
    expect(Object.keys(single)).toEqual(["id", "billing_account"]);
  });

  const billing = "billing.resourceAssociations.create";
  const create = "resourcemanager.projects.create";
  const refusals: [string, Partial<GoogleWorld>, string, string][] = [
    [
      "nobody who may make projects there",
      { heldOutside: [billing] },
      `me@example.com may not ${create} on organizations/987654321098`,
      "gcloud organizations add-iam-policy-binding 987654321098 --member=user:me@example.com --role=roles/resourcemanager.projectCreator",
    ],
    [
      "nobody who may in the folder",
      { heldOutside: [billing], parent: "folders/55" },
      `may not ${create} on folders/55`,
      "gcloud resource-manager folders add-iam-policy-binding 55",
    ],
    [
      "nobody who may have the billing account pay",
      { heldOutside: [create] },
      `may not ${billing} on billingAccounts/012345-6789AB-CDEF01`,
      "gcloud billing accounts add-iam-policy-binding 012345-6789AB-CDEF01",
    ],
    [
      "an account of a service in no organisation",
      { parent: "", email: "ci@demo-1234.iam.gserviceaccount.com" },
      "there a service account makes no project",
      "run this command as a person",
    ],
    [
      "a project that something else has made",
      { otherProjects: { "demo-runners": { displayName: "Website", state: "ACTIVE" } } },
      "There is a project demo-runners that this command hasn't made",
      "--runner-project ANOTHER-ID",
    ],
    [
      "a project that is being deleted",
      { otherProjects: { "demo-runners": { displayName: "x", state: "DELETE_REQUESTED" } } },
      "demo-runners is being deleted",
      "gcloud projects undelete demo-runners",
    ],
  ];
  test.each(sharedOut(refusals, 6))("isn't begun for %s", async (_what, changed, says, fix) => {
    const { code, output, deployment } = await tried(changed);
    expect(output).toContain(says);
    expect(output).toContain(fix);
    expect(output).toContain("Nothing was changed.");
    expect(code).toBe(1);
    expect(deployment.google.changes()).toEqual([]);
  });

  test("is begun nevertheless by who says that the check is wrong", async () => {
    const { output } = await tried({ heldOutside: [] }, "--preflight", "--skip-permission-check");
    expect(output).toContain(`may not ${create}`);
    expect(output).not.toContain("stand in the way");
  });
});
