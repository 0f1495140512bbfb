/**
 * What programs expect of a system, measured with common programs in one execution per mode. A
 * program that this machine lacks is left out, and its row says so.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { makeRegistries } from "./support/registries.ts";

const registries = makeRegistries("https://allowed.test");
const internet = new TestInternet({
  names: { "allowed.test": [[publicAddress]] },
  serve: (request, response) => registries.serve(request, response),
});

beforeAll(async () => void (await internet.open()));
afterAll(() => {
  internet.close();
  registries.close();
});

interface Row {
  readonly name: string;
  /** The parts of `/usr` that it needs besides those that a sandbox always has. */
  readonly needs: readonly string[];
  /** A bash script; it prints `prints`, possibly after other output. */
  readonly script: string;
  readonly prints: string | RegExp;
}

function row(name: string, script: string, prints: Row["prints"], needs: string[] = []): Row {
  return { name, script, prints, needs };
}

const python = "/usr/bin/python3";
const port = 8_123;
const places = ["localhost", "$(hostname)", "0.0.0.0", "127.0.0.1", "127.0.0.2", "[::1]"];
const everyPlace = places.map((place) => `"http://${place}:${port}/"`).join(" ");
const reached = places.map(() => "direct").join(" ");

/** Asks the sandbox's server under all its names, and prints each answer. */
const askAll = (ask: string) => `for url in ${everyPlace}; do ${ask}; done | tr '\\n' ' '`;
const inNode = (get: string) => `node -e '
  const http = require("node:http"), urls = process.argv.slice(1);
  (async () => { for (const url of urls) console.log(await (${get})(url)) })()' ${everyPlace} |
  tr '\\n' ' '`;

const server = `node -e '
  const answer = { name: "greeting", "dist-tags": { latest: "1.0.0" }, versions: {
    "1.0.0": { name: "greeting", version: "1.0.0" } } };
  require("node:http").createServer((request, response) => response.end(
    request.url === "/" ? "direct" : JSON.stringify(answer))).listen(${port}, "::")' \
  >/dev/null 2>&1 </dev/null &
  for i in $(seq 100); do curl -s "http://127.0.0.1:${port}/" >/dev/null && break; sleep 0.1; done`;

const javaProgram = `
import java.net.*; import java.security.*; import java.util.*;
public class Try { public static void main(String[] urls) throws Exception {
  int length = MessageDigest.getInstance("SHA-256").digest(new byte[1]).length;
  String name = Collections.list(NetworkInterface.getNetworkInterfaces()).get(0).getName();
  System.out.print(length + " " + name);
  for (String url : urls)
    System.out.print(" " + new String(new URL(url).openStream().readAllBytes()));
  javax.net.ssl.SSLContext.getDefault(); System.out.println(" tls");
} }`;

const wheel = `
import zipfile
info = "greeting-1.0.dist-info/"
with zipfile.ZipFile("greeting-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("greeting.py", "text = 'from a wheel'\\ndef say(): print(text)\\n")
    wheel.writestr(info + "entry_points.txt", "[console_scripts]\\ngreeting = greeting:say\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")`;

import { modesNow } from "./support/modes-now.ts";

const rows: readonly Row[] = [
  row(
    "the usual variables",
    'set -u; echo "$USER $LOGNAME $SHELL $TERM $HOME $LANG"; set +u',
    "agent agent /bin/bash dumb /tmp C.UTF-8",
  ),
  row(
    "interfaces, in Node",
    `node -p 'Object.values(require("node:os").networkInterfaces()).flat().map((i) => i.address).join()'`,
    "127.0.0.1,::1",
  ),
  row(
    "interfaces, protocols, services and its own address, in Python",
    `python3 -c 'import socket as s; print(s.if_nameindex(), s.getprotobyname("tcp"),
s.getservbyname("https"), s.gethostbyname(s.gethostname()))'`,
    "[(1, 'lo')] 6 443 127.0.0.1",
    [python, "/etc/services"],
  ),
  row("how many CPUs there are", "lscpu | grep -c '^CPU(s): *[1-9]'", "1", ["/usr/bin/lscpu"]),
  row(
    "a program in C whose memory is checked",
    `echo 'int main() { return 0; }' > checked.c
     gcc -fsanitize=address checked.c -o checked && ./checked 2>&1 | head -1 && echo ran`,
    "ran",
    ["/usr/bin/gcc"],
  ),
  row("its disks are flushed", "sync && sync -f . && echo flushed", "flushed"),
  row("a limit of core files of none", "ulimit -c 0 && ulimit -S -c 0 && echo set", "set"),
  row("its own server, in curl", askAll('curl -sg "$url"; echo'), reached),
  row("its own server, in wget", askAll('wget -qO- "$url"; echo'), reached, ["/usr/bin/wget"]),
  row(
    "its own server, in git",
    askAll(
      `GIT_CURL_VERBOSE=1 git ls-remote "$url" 2>&1 | grep -c 'Connected to 127.0.0.1 (127.0.0.1) port 3128'`,
    ),
    places.map(() => "0").join(" "),
    ["/usr/bin/git"],
  ),
  row(
    "its own server, in Python",
    askAll(
      `python3 -c 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())' "$url"`,
    ),
    reached,
    [python],
  ),
  row(
    "its own server, in requests",
    askAll(
      `python3 -c 'import sys; from pip._vendor import requests as r; print(r.get(sys.argv[1]).text)' "$url"`,
    ),
    reached,
    ["/usr/bin/pip3"],
  ),
  row("its own server, in fetch", inNode("async (url) => (await fetch(url)).text()"), reached),
  row(
    "its own server, in node:http",
    inNode(`(url) => new Promise((resolve) => http.get(url, (answer) => {
      let text = ""; answer.on("data", (d) => text += d).on("end", () => resolve(text)) }))`),
    reached,
  ),
  row(
    "its own server, in npm",
    askAll(
      `case $url in *\\[*) echo 1.0.0;; *) npm view greeting version --registry "$url";; esac`,
    ),
    places.map(() => "1.0.0").join(" "),
    ["/usr/bin/npm"],
  ),
  row(
    "Java: digests, TLS, interfaces, its own server",
    `printf %s '${javaProgram}' >/tmp/Try.java && java /tmp/Try.java ${everyPlace} 2>&1`,
    `32 lo ${reached} tls`,
    ["/usr/bin/javac"],
  ),
  row(
    "a virtual environment, and pip in it",
    `cd /tmp && python3 -m venv venv 2>&1 && python3 -c "$WHEEL" &&
      venv/bin/pip install -q --no-index --disable-pip-version-check ./greeting-*.whl 2>&1 &&
      venv/bin/python -c 'import greeting; print(greeting.text)'; cd /workspace`,
    "from a wheel",
    [python, "/usr/bin/pip3"],
  ),
  row(
    "Python's processes and databases",
    `cat >/tmp/many.py <<'END'
import multiprocessing, sqlite3
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: total = sum(pool.map(abs, range(-9, 0)))
    lock, queue = multiprocessing.Lock(), multiprocessing.Queue()
    with lock: queue.put(total)
    with sqlite3.connect("/tmp/many.db") as database:
        database.execute("create table t (n)")
        database.execute("insert into t values (?)", (queue.get(),))
    print(sqlite3.connect("/tmp/many.db").execute("select n from t").fetchone()[0])
END
    python3 /tmp/many.py`,
    "45",
    [python],
  ),
  row(
    "npm and npx, with a package of one's own",
    `mkdir -p /tmp/own /tmp/user && cd /tmp/own &&
      echo '{"name":"own","version":"1.0.0","bin":{"own":"own.js"}}' >package.json &&
      printf '#!/usr/bin/env node\\nconsole.log("from npx")\\n' >own.js && cd /tmp/user &&
      npm init -y >/dev/null && npm install --silent --no-audit --no-fund ../own &&
      npx --no-install own; cd /workspace`,
    "from npx",
    ["/usr/bin/npx"],
  ),
  row(
    "programs that npm and pip install for all of the execution",
    `mkdir -p /tmp/tool && cd /tmp/tool &&
      echo '{"name":"tool","version":"1.0.0","bin":{"npm-tool":"tool.js"}}' >package.json &&
      printf '#!/usr/bin/env node\nconsole.log("by npm")\n' >tool.js &&
      npm install --global --silent --no-audit --no-fund . 2>&1 && npm-tool &&
      python3 -c "$WHEEL" && export PIP_BREAK_SYSTEM_PACKAGES=1 &&
      pip3 install -q --no-index --disable-pip-version-check ./greeting-*.whl 2>&1 &&
      greeting; cd /workspace`,
    "by npm\nfrom a wheel",
    [python, "/usr/bin/pip3", "/usr/bin/npm"],
  ),
  row(
    "git, through the proxy",
    // The test internet's certificates aren't signed by a known authority.
    "git -c http.sslVerify=false clone -q https://allowed.test/repository.git /tmp/cloned 2>&1; cat /tmp/cloned/greeting.txt",
    "hello from git",
    ["/usr/bin/git"],
  ),
  row(
    "Chromium",
    `chromium --headless --no-sandbox --disable-gpu --dump-dom 'data:text/html,<p>drawn' 2>/dev/null`,
    /<p>drawn/,
    ["/usr/bin/chromium"],
  ),
];

import { isTurn } from "../kit/shard.ts";

const isThere = ({ needs }: Row) => needs.every((path) => existsSync(path));
const marker = "::row ";
const tried = rows.filter(isThere);
const task = `exec > >(while read -r line; do echo "$line"; done); seq 1 5000; echo LAST-LINE`;

describe.runIf(isTurn(0, 2)).each(modesNow)("in mode %s", { timeout: 240_000 }, (mode) => {
  let streamed = "";
  let answer = "";
  beforeAll(async () => {
    const setupScripts = [
      "\u{feff}# A mark at the beginning.\r\nif true; then\r\n  echo 'two systems'\r\nfi\r\n",
      [server, ...tried.map(({ script }, index) => `echo '${marker}${index}'\n${script}\necho`)]
        .join("\n")
        .concat(`\necho '${marker}over'`),
    ];
    const claim = claimFor(task, { ...internet.claim({ mode: "internet" }), setupScripts });
    const environmentVariables = [{ key: "WHEEL", value: wheel }];
    const limits = { ...claim.limits, wallClockMs: 200_000, memoryBytes: 1024 ** 3 };
    const files = { tmpBytes: 256 * 1024 ** 2, workspaceInodesMax: 100_000 };
    const room = { ...files, processesMax: 400, openFilesMax: 1_024 };
    const { gateway } = await execute(
      { ...claim, environmentVariables, limits: { ...limits, ...room } },
      mode,
      { environment: internet.environment },
    );
    streamed = gateway.text();
    answer = gateway.settled?.output ?? "";
  }, 240_000);

  test.for(rows)("$name", ({ name, needs, prints }, context) => {
    const index = tried.findIndex((each) => each.name === name);
    if (index < 0) return context.skip(`This machine lacks one of ${needs.join(", ")}.`);
    const [, after = ""] = streamed.split(`${marker}${index}\n`);
    const printed = after.split(marker)[0]?.trim() ?? "";
    if (typeof prints === "string") expect(printed).toBe(prints);
    else expect(printed).toMatch(prints);
  });

  test("a script with the line ends and the mark of another system runs", () => {
    expect(streamed).toMatch(/^two systems\n/);
  });

  test("output that passes through a process that the shell doesn't wait for comes whole", () => {
    const numbers = Array.from({ length: 5_000 }, (_, index) => `${index + 1}`);
    expect(answer).toBe(`${numbers.join("\n")}\nLAST-LINE\n`);
  });
});
