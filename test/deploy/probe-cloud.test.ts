/** The probe of a bare project, against a fake Google that runs no container. */
import { execFileSync } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { probeScript, readFindings, verdict } from "../../deploy/probe/script.ts";
import { type Deployment, makeDeployment, soundWorld } from "./support/deployment.ts";

const names = [
  ...["root", "mode-userns", "mode-setpriv", "mount", "cgroups", "seccomp", "token"],
  ...["no-metadata-inside", "dns"],
];
const printed = (...missing: string[]) => [
  `PADDOCK-PROBE started yes ${Date.parse("2026-11-30T00:00:12.5Z")}`,
  ...names.map((name) => `PADDOCK-PROBE ${name} ${missing.includes(name) ? "no" : "yes"} seen`),
  "PADDOCK-PROBE ended yes ok",
];

let made: Deployment | null = null;
afterEach(async () => {
  await made?.end();
  made = null;
});

test("says that executions would run, how fast, and leaves nothing behind", async () => {
  made = await makeDeployment({ probe: { made: [], granted: [], prints: printed("mode-userns") } });
  const { code, output } = await made.probe();
  expect(output).toContain("Executions would run here, in mode setpriv of the sandbox.");
  expect(output).toContain("started in 12.5 s without Direct VPC");
  expect(output).toContain("started in 12.5 s with Direct VPC");
  expect(code).toBe(0);
  expect(made.google.world.probe.made).toEqual([]);
  const [build] = made.calls().filter((call) => call.startsWith("gcloud builds submit"));
  expect(build).toContain("--region=us-central1");
  // No bucket of gcloud's, which would stay, and no default account, which a bare project lacks.
  expect(build).toContain("--gcs-source-staging-dir=gs://demo-1234-paddock-probe/source");
  const builder = "serviceAccount:paddock-probe-build@demo-1234.iam.gserviceaccount.com";
  const granted = ["storage.objectViewer", "artifactregistry.writer", "logging.logWriter"];
  expect(made.google.world.probe.granted).toEqual(
    expect.arrayContaining(granted.map((role) => `roles/${role} ${builder}`)),
  );
  // The container has an account without a role, and the very command of the launcher's probe.
  const jobs = made.google.changes().filter(({ path }) => path.endsWith("/jobs"));
  expect(jobs.map(({ body }) => body.includes("ALL_TRAFFIC"))).toEqual([false, true]);
  for (const { body } of jobs) {
    expect(body).toContain("paddock-probe@demo-1234.iam.gserviceaccount.com");
    expect(body).toContain("--unshare-uts --unshare-cgroup");
  }
});

test("a build that may not yet is tried again, and one that never may leaves nothing", async () => {
  const prints = printed();
  const world = soundWorld();
  world.first.buildRefusals = 2;
  made = await makeDeployment({ ...world, probe: { made: [], granted: [], prints } });
  expect((await made.probe()).code).toBe(0);
  made.google.world.first.buildRefusals = 1_000;
  const { code, output } = await made.probe();
  expect(output).toContain("After 7 minutes Cloud Build still may not");
  expect(code).toBe(1);
  expect(made.google.world.probe.made).toEqual([]);
});

test("a container that prints nothing fails the probe, and everything is removed", async () => {
  made = await makeDeployment({ probe: { made: [], granted: [], prints: [] }, defaultNetwork: [] });
  const { code, output } = await made.probe("--image", "us-docker.pkg.dev/x/runner:1");
  expect(output).toContain("printed no findings");
  expect(code).toBe(1);
  expect(made.google.world.probe.made).toEqual([]);
  expect(made.calls()).toEqual([]);
  expect(soundWorld().probe.made).toEqual([]);
});

test("what is missing is named", () => {
  const findings = readFindings(printed("mode-userns", "mode-setpriv", "cgroups")) ?? [];
  expect(verdict(findings)).toEqual({
    runs: false,
    sentence: "No execution would run here: either mode of the sandbox, cgroups is missing.",
  });
  expect(readFindings(printed().slice(0, -1))).toBeNull();
});

test("the script is one that a shell reads, and it ends whatever it finds", () => {
  execFileSync("sh", ["-n", "-c", probeScript()]);
  expect(probeScript()).not.toContain("set -e");
});
