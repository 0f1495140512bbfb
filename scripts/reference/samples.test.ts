/** The reference's samples are run as they are printed. */
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type Call, samplesOf } from "./samples.ts";

const run = promisify(execFile);
const value = { text: `it's "quoted" $HOME \\n é 👍`, list: [1, null, true], none: {} };
const call: Call = {
  method: "PATCH",
  path: "/v1/things/a%20b?x='1'&y=$z",
  needsKey: true,
  streams: false,
  body: { kind: "json", value },
};
const programs = [
  { language: "curl", program: "sh", args: ["-c"], probe: ["curl", "--version"] },
  {
    language: "typescript",
    program: process.execPath,
    args: ["--input-type=module-typescript", "--eval"],
    probe: [process.execPath, "--version"],
  },
  {
    language: "python",
    program: "python3",
    args: ["-c"],
    probe: ["python3", "-c", "import requests"],
  },
] as const;

test.for(programs)("$language sends exactly what was meant", async (tried, { skip }) => {
  const { language, program, args, probe } = tried;
  skip(!isThere(probe), `${program} or its library isn't there`);
  const got: unknown[] = [];
  const server = createServer((request, response) => {
    const { method, url = "", headers } = request;
    void text(request).then((body) => {
      got.push([method, decodeURIComponent(url), headers.authorization, JSON.parse(body)]);
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const env = { ...process.env, PADDOCK_URL: `http://127.0.0.1:${port}`, PADDOCK_API_KEY: "k" };
  await run(program, [...args, samplesOf(call)[language]], { env });
  server.close();
  expect(got).toEqual([["PATCH", decodeURIComponent(call.path), "Bearer k", value]]);
});

function isThere([program, ...args]: readonly [string, ...string[]]): boolean {
  return spawnSync(program, args).status === 0;
}
