/**
 * While the image is built: starts each function once, as it will be started, and ends it in order,
 * so that Node keeps V8's compiled code in NODE_COMPILE_CACHE. Of this stage the image takes that
 * folder alone: keys made up here stay behind.
 */
const { spawn } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const { mkdtempSync, readFileSync, writeFileSync } = require("node:fs");
const { createServer, request } = require("node:http");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { setTimeout: wait } = require("node:timers/promises");

const startMsMax = 30_000;
const stopMsMax = 10_000;
const pauseMs = 20;

const list = JSON.parse(readFileSync(join(__dirname, "functions.json"), "utf8"));
const keyFile = join(mkdtempSync(join(tmpdir(), "keys-")), "keys.json");
const keys = { current: "k1", keys: { k1: randomBytes(32).toString("hex") } };
writeFileSync(keyFile, JSON.stringify(keys));

compileAll().catch((error) => {
  console.error(error.message);
  process.exit(1);
});

async function compileAll() {
  const port = await freePort();
  for (const [name, { nodeOptions }] of Object.entries(list.functions)) {
    await compile(name, { nodeOptions, port });
    console.log(`compiled ${name}`);
  }
}

async function compile(name, { nodeOptions, port }) {
  const child = spawn(process.execPath, [join(__dirname, "start.cjs")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      FUNCTION_TARGET: name,
      PORT: String(port),
      PADDOCK_BIND: "127.0.0.1",
      NODE_OPTIONS: nodeOptions,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      GOOGLE_CLOUD_PROJECT: "compile",
      METADATA_SERVER_DETECTION: "none",
      PADDOCK_PEPPERS_FILE: keyFile,
      PADDOCK_GATEWAY_TOKENS_FILE: keyFile,
    },
  });
  const ended = once(child, "exit");
  try {
    await firstAnswer(child, { name, port });
    child.kill("SIGTERM");
    const killing = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
    const [code] = await ended;
    clearTimeout(killing);
    if (code !== 0) throw new Error(`${name} doesn't end in order when told to: ${code}.`);
  } finally {
    child.kill("SIGKILL");
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function firstAnswer(child, { name, port }) {
  const beganAt = performance.now();
  while (performance.now() - beganAt < startMsMax && child.exitCode === null) {
    if (await answers(port)) return;
    await wait(pauseMs);
  }
  throw new Error(`${name} doesn't start: it answers nobody.`);
}

/** Any answer will do: no route is asked that reads something. */
function answers(port) {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path: "/", agent: false }, (answer) => {
      answer.resume().once("close", () => resolve(true));
    });
    sent.once("error", () => resolve(false));
    sent.end();
  });
}
