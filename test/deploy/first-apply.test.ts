/** A first deployment, whole, in a cloud that is as slow and contrary as the real one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { FirstApply } from "../kit/google-world.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { type Deployment, makeDeployment, soundWorld } from "./support/deployment.ts";

const minute = 60_000;
let made: Deployment | null = null;
afterEach(async () => {
  await made?.end();
  made = null;
});

async function deployed(first: Partial<FirstApply>, ...args: string[]) {
  made = await makeDeployment({ first: { ...soundWorld().first, ...first } });
  const ended = await made.run(["--yes", "--no-smoke", ...args]);
  return { ...ended, deployment: made, world: made.google.world };
}

describe("OPS-2 the first apply", () => {
  test("ends in a release although nothing works at once", async () => {
    const { code, output, deployment, world } = await deployed({
      buildRefusals: 2,
      grantsWorkAfterMs: 3.5 * minute,
      contentions: 1,
      indexesReadyAtMs: 20 * minute,
      certificatesAtMs: { edge: 40 * minute, gateways: 55 * minute },
      service: { isTainted: false, isProtected: true },
    });
    expect(output).toContain("the default network is gone");
    expect(world.defaultNetwork).toEqual([]);
    expect(output).toContain("Cloud Build may not yet: ERROR: (gcloud.builds.submit) PERMISSION");
    expect(output).toContain("accounts may read their secrets");
    expect(output).toContain("changing the same thing at the same time; once more in 60 s");
    expect(output).toContain("access to its secret doesn't work everywhere yet; once more in 60 s");
    expect(output).toContain('default["keys"] failed when it was made; it is changed in place');
    expect(output).toContain("1 of 3 indexes and field settings are ready");
    expect(output).toContain("the certificate of api.example.com is in force");
    expect(output).toContain("the certificate of gateway.api.example.com is in force");
    expect(output).toContain("✓ release");
    expect(code, output).toBe(0);
    expect(world.nowMs).toBeGreaterThanOrEqual(55 * minute);
    // Access comes before the services that need it, and is given by itself.
    const applied = deployment
      .calls()
      .filter((call) => /^terraform (plan|untaint) main/.test(call));
    expect(applied[1]).toContain(
      "-target=module.functions.google_secret_manager_secret_iam_member",
    );
    expect(applied.join("\n")).toContain("terraform untaint main module.functions");
  });

  const never = Number.POSITIVE_INFINITY;
  const endings: [string, Partial<FirstApply>, string, number][] = [
    [
      "a build that is never taken",
      { buildRefusals: never },
      "After 7 minutes Cloud Build still may not: ERROR: (gcloud.builds.submit) PERMISSION_DENIED",
      1,
    ],
    [
      "contention without an end",
      { contentions: never },
      "After 10 minutes still: Google was changing the same thing at the same time.",
      1,
    ],
    [
      "a certificate of the gateways that doesn't come",
      { certificatesAtMs: { edge: 0, gateways: never } },
      "The certificate of gateway.api.example.com is PROVISIONING. Run the same command again later.",
      3,
    ],
    [
      "indexes that aren't built",
      { indexesReadyAtMs: never },
      "Firestore is still building indexes; queries that need them fail until then.",
      3,
    ],
  ];
  test.each(sharedOut(endings, 2))("says what is missing: %s", async (_what, first, says, code) => {
    const ended = await deployed(first);
    expect(ended.output).toContain(says);
    expect(ended.code).toBe(code);
  });
});

describe("a lock, which nobody can undo", () => {
  test.runIf(isTurn(1, 2))("is set only if it is named, and stays then", async () => {
    made = await makeDeployment();
    const file = join(made.folder, "variables.json");
    writeFileSync(file, JSON.stringify({ protection: { lock_logs: true } }));
    const args = ["--yes", "--no-smoke", "--var-file", file];
    const refused = await made.run(args);
    expect(refused.output).toContain("locks for good, which nobody can undo: paddock-audit");
    expect(refused.output).toContain("To lock it: --lock paddock-audit.");
    expect(refused.code).toBe(1);
    expect(made.calls().filter((call) => call.startsWith("terraform apply main"))).toEqual([]);
    expect((await made.run([...args, "--lock", "paddock-audit"])).code).toBe(0);
    expect((await made.run(args)).code).toBe(0);
  });
});
