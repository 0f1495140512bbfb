/** What docs/deploy.md says in names and numbers is what the program and Terraform have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { billedMsMin } from "#shared/core/money/pricing";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { habits } from "../sim/assumptions.ts";

const read = (path: string) => readFileSync(join(repositoryRoot, path), "utf8");
const page = read("docs/deploy.md");
const written = page.replaceAll(/<!-- begin[\s\S]*?<!-- end: [a-z-]+ -->/g, "");
/** Without line breaks, so that a sentence is found wherever it is wrapped. */
const text = written.replaceAll(/\s+/g, " ");

test("an option that the page names is one of the command's", () => {
  const usage = read("deploy/options.ts");
  const ours = written.split("\n").filter((line) => !/gcloud|--impersonate|smoke --/.test(line));
  const named = ours.flatMap((line) => [...line.matchAll(/--([a-z][a-z-]+)/g)].map(([all]) => all));
  expect(new Set(named).size).toBeGreaterThan(15);
  // `--help` is every command's.
  expect(named.filter((name) => !usage.includes(name) && name !== "--help")).toEqual([]);
});

test("a command that the page names is one of package.json's", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = [...page.matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name);
  expect(new Set(named)).toEqual(new Set(["deploy", "docs", "probe:cloud", "smoke"]));
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

test("a variable that the page names is one of the main root's", () => {
  const variables = read("terraform/variables.tf");
  const named = [
    ...["attestation", "budget", "dns_zone", "organization_policies", "protection"],
    ...["lock_archive", "lock_logs", "enforce_waf"],
  ];
  for (const name of named) {
    expect(text, name).toContain(name);
    expect(variables, name).toMatch(new RegExp(`variable "${name}"|\\b${name} +=`));
  }
});

test("what the page says to set on GitHub is what the workflows read", () => {
  const workflows = ["deploy", "plan"].map((name) => read(`.github/workflows/${name}.yml`));
  const variables = (from: string) => new Set(from.match(/\bPADDOCK_[A-Z_]+/g));
  const [, ofPage = ""] = page.split("**From GitHub.**");
  const [section = ""] = ofPage.split("## A trial");
  expect(variables(section)).toEqual(variables(workflows.join("\n")));
  const outputs = read("terraform/bootstrap/outputs.tf");
  for (const [, name] of section.matchAll(/`([a-z]+_[a-z_]+)`/g)) {
    expect(outputs).toContain(`output "${name}"`);
  }
});

/** A sentence of the page, and the line that makes it true. */
const held: readonly (readonly [sentence: string, file: string, line: string])[] = [
  ["(20 minutes for a person", "deploy/steps/domain-ready.ts", "person: 20 * 60_000"],
  ["2 with `--yes` or without one", "deploy/steps/domain-ready.ts", "nobody: 2 * 60_000"],
  ["an hour at most for each certificate", "deploy/steps/domain-ready.ts", "withinMs: 60 * 60_000"],
  ["an hour at most for Firestore's", "deploy/steps/indexes-ready.ts", "withinMs: 60 * 60_000"],
  ["ends the run with code 3", "deploy/steps/domain-ready.ts", "notYetExitCode = 3"],
  ["tried again for 7 minutes", "deploy/steps/cloud-build.ts", "withinMs: 7 * 60_000"],
  ["at least two minutes later", "deploy/steps/secret-access.ts", "propagationMs = 2 * 60_000"],
  ["up to eleven times", "deploy/steps/apply.ts", "attemptsMax = 11"],
  ["a minute apart", "deploy/steps/apply.ts", "pauseMs = 60_000"],
  ["`us-central1` or `us-west2`", "deploy/steps/images.ts", '["us-central1", "us-west2"]'],
  ["Terraform 1.11 or a later 1.x", "deploy/preflight/tools.ts", "oldest = [1, 11]"],
  ["Node 20 or newer", "package.json", '"node": ">=20"'],
  ["works within 45 s", "runner/egress/connect-patience.ts", "coldMs = 45_000"],
  [
    "claims for nine minutes",
    "shared/core/limits/deployment-limits.ts",
    "claimDeadlineMs: ms(9 * minuteMs)",
  ],
  ["more than 20,000 addresses", "shared/limits/request-limiter.ts", "countersMax = 20_000"],
  ["a client's /48 of IPv6", "shared/core/network/address-range.ts", "an IPv6 /48"],
  [
    "its thousand requests at once",
    "terraform/modules/front/main.tf",
    "max_instance_request_concurrency = 1000",
  ],
  ["their versions die after 30 days", "terraform/modules/keys/variables.tf", "default     = 30"],
  ["priority 65000", "terraform/modules/network/firewall.tf", "deny = 65000"],
];

test.each(held)("%s is what %s has", (sentence, file, line) => {
  expect(text).toContain(sentence);
  expect(read(file)).toContain(line);
});

test("what outlives a deployment is kept as long as the retention says", () => {
  const {
    backup_weeks: weeks,
    bucket_days: days,
    log_days: logs,
  } = JSON.parse(read("terraform/retention.json"));
  expect(text).toContain(`until each is ${weeks} weeks old`);
  expect(text).toContain(`backups of ${weeks * 7} days`);
  expect(Math.floor(days.archive / 365)).toBe(7);
  expect(text).toContain(`7 years and ${days.checkpoints} days`);
  expect(text).toContain(`${logs.access} and ${logs.audit} days`);
});

test("the costs are those of the execution that the simulation has", () => {
  expect(habits.runSigma.what).toContain("mean 41 s");
  expect(text).toContain("41 s of work, seven in ten on `lite`");
  expect(habits.litePercent.value).toBe(70);
  expect(text).toContain(`for ${billedMsMin / 1_000} seconds of an execution at least`);
});

test("as many rules of Cloud Armor evaluate OWASP's as the page says", () => {
  const sets = read("terraform/modules/edge/armor.tf").match(/\{ name = "\w+", code = /g);
  expect(sets).toHaveLength(11);
  expect(text).toContain("eleven of Cloud Armor's rules, which evaluate OWASP's");
});
