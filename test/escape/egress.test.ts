/**
 * Attempts to get past the egress proxy from inside a real sandbox. Each must fail against the
 * runner as it is, and work against one whose source lacks the defence (that half only if asked).
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobEnvironment } from "#shared/protocol/job";
import { triesEveryRow } from "../kit/share.ts";
import { claimFor } from "../sandbox/support/gateway.ts";
import { execute } from "../sandbox/support/host.ts";
import { type Alteration, runnerPrograms } from "../sandbox/support/programs.ts";
import { allowing, publicAddress, TestInternet } from "../sandbox/support/test-internet.ts";

const metadata = "169.254.169.254";
const inner = "10.0.0.1";
const internet = new TestInternet({
  names: {
    "allowed.test": [[publicAddress]],
    "other.test": [[publicAddress]],
    "rebound.test": [[publicAddress], [metadata]],
    "inside.test": [[inner]],
  },
  serve: (request, response) => {
    if (request.url !== "/redirect") return void response.end(`hello from ${request.headers.host}`);
    response.writeHead(302, { location: `http://${metadata}/hello` }).end();
  },
});
const listed = allowing("allowed.test:443", "allowed.test:80", "rebound.test:80", "inside.test:80");
const open: Attempt["network"] = { mode: "internet", allow: [] };

beforeAll(async () => void (await internet.open()));
afterAll(() => internet.close());

/** Addresses inside are served too, so that only the proxy keeps anybody from them. */
function environment(): Record<string, string> {
  const name = jobEnvironment.testNetwork;
  const told = JSON.parse(internet.environment[name] ?? "");
  const web = `127.0.0.1:${internet.localPort(80)}`;
  const dial = { ...told.dial, [`${metadata}:80`]: web, [`${inner}:80`]: web };
  return { [name]: JSON.stringify({ ...told, dial }) };
}

const policyFile = "shared/core/network-policy.ts";
const defences = {
  "every answer is looked at": {
    file: "runner/egress/pinned.ts",
    find: "if (special === null) continue;",
    replace: "if (special !== undefined) continue;",
  },
  "addresses inside are refused by themselves": {
    file: policyFile,
    find: 'if (host.kind === "address" && specialRangeOf(host.name) !== null) {',
    replace: 'if (host.kind === "address" && host.name === "") {',
  },
  "the list of hosts": {
    file: policyFile,
    find: 'if (matching.length === 0) return refused("host_not_allowed");',
    replace: "if (matching.length === 0) return { allowed: true, host };",
  },
  "names alone are listed": {
    file: policyFile,
    find: 'if (host.kind === "address") return refused("address_not_allowed");',
    replace: 'if (host.kind === "address") return { allowed: true, host };',
  },
  "Host is the host that was asked for": {
    file: "runner/egress/request-target.ts",
    find: "if (given === null || !namesSame(given, asked, httpPort)) throw",
    replace: "if (given === undefined) throw",
  },
  "TLS names the host that was asked for": {
    file: "runner/egress/tunnel.ts",
    find: "if (asked?.name !== host.name) {",
    replace: "if (asked === null) {",
  },
} as const satisfies Readonly<Record<string, Alteration>>;

interface Attempt {
  readonly name: string;
  readonly control: string;
  readonly network: Parameters<TestInternet["claim"]>[0];
  /** Escapes if it prints the server's hello. */
  readonly script: string;
  readonly behind: readonly (keyof typeof defences)[];
}

const inwards = [
  "every answer is looked at",
  "addresses inside are refused by themselves",
] as const;

const attempts: readonly Attempt[] = [
  {
    name: "a name that leads elsewhere the second time",
    control: "EXE-6",
    network: listed,
    script: "curl -s http://rebound.test/ >/dev/null; curl -s http://rebound.test/",
    behind: ["every answer is looked at"],
  },
  {
    name: "a listed name that leads inside",
    control: "EXE-6",
    network: listed,
    script: "curl -s http://inside.test/",
    behind: ["every answer is looked at"],
  },
  ...["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"].map(
    (host): Attempt => ({
      name: `the metadata server as ${host}`,
      control: "EXE-6",
      network: open,
      script: `curl -s --noproxy '' http://${host}/`,
      behind: inwards,
    }),
  ),
  {
    name: "a private address",
    control: "EXE-6",
    network: open,
    script: `curl -s --noproxy '' http://${inner}/`,
    behind: inwards,
  },
  {
    name: "a redirect to the metadata server",
    control: "EXE-6",
    network: open,
    script: "curl -sL --noproxy '' http://allowed.test/redirect",
    behind: inwards,
  },
  {
    name: "a host that isn't listed",
    control: "NET-2",
    network: listed,
    script: "curl -s https://other.test/",
    behind: ["the list of hosts"],
  },
  {
    name: "CONNECT to a listed host, TLS for another",
    control: "NET-2",
    network: listed,
    script: "curl -s --connect-to other.test:443:allowed.test:443 https://other.test/",
    behind: ["TLS names the host that was asked for"],
  },
  {
    name: "a listed host asked for, another in the Host header",
    control: "NET-2",
    network: listed,
    script: "curl -s -H 'Host: other.test' http://allowed.test/",
    behind: ["Host is the host that was asked for"],
  },
  {
    name: "CONNECT to an address instead of a name",
    control: "NET-2",
    network: listed,
    script: `curl -s --connect-to allowed.test:443:${publicAddress}:443 https://allowed.test/`,
    behind: ["names alone are listed", "TLS names the host that was asked for"],
  },
];

const rows: string[] = [];
const counts = { contained: 0, effective: 0 };
afterAll(() => {
  const [total, tried] = [attempts.length, triesEveryRow ? attempts.length : 0];
  const counted = `${counts.contained}/${total} contained, ${counts.effective}/${tried} effective`;
  console.log([...rows, `${counted} without the defence`].join("\n"));
});

describe.each(["EXE-6", "NET-2"])("%s past the proxy", (control) => {
  const own = attempts.filter((attempt) => attempt.control === control);

  test.concurrent.each(own)("$name", { timeout: 120_000 }, async (attempt) => {
    const { behind } = attempt;
    const full = await escapes(attempt, []);
    const alone: string[] = [];
    for (const name of triesEveryRow && behind.length > 1 ? behind : []) {
      const others = behind.filter((other) => other !== name);
      if (await escapes(attempt, others)) alone.push(name);
    }
    const freed = triesEveryRow ? await escapes(attempt, behind) : null;
    if (!full && alone.length === 0) counts.contained += 1;
    if (freed) counts.effective += 1;
    const held = full ? "NOT CONTAINED" : "contained";
    const works = freed === null ? "not tried" : freed ? "effective" : "NOT EFFECTIVE";
    const without = `without: ${behind.join(" + ")}`;
    rows.push([control, attempt.name.padEnd(44), held, works, without].join("  "));
    expect({ full, alone }).toEqual({ full: false, alone: [] });
    expect(freed ?? true).toBe(true);
  });
});

/** Whether it reaches the server through a runner that lacks `missing`. */
async function escapes(
  { network, script }: Attempt,
  missing: readonly (keyof typeof defences)[],
): Promise<boolean> {
  const programs = await runnerPrograms(...missing.map((name) => defences[name]));
  const claim = claimFor(`${script} || echo "curl says $?"`, internet.claim(network));
  const program = join(programs, "launcher.cjs");
  const { gateway } = await execute(claim, "A", { program, environment: environment() });
  const output = gateway.settled?.output ?? "";
  // A refusal is told, or curl is: silence would mean that nothing was tried.
  expect(output).toMatch(/hello from|"rule":|curl says/);
  return output.includes("hello from");
}
