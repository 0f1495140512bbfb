import { execFile } from "node:child_process";
import type { RequestListener, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { claimFor } from "../../test/kit/sandbox/gateway.ts";
import { execute } from "../../test/kit/sandbox/host.ts";
import { allowing, TestInternet } from "../../test/kit/sandbox/test-internet.ts";
import type { Effort, Figure, Row } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 1, full: 7 };
const megabyte = 1e6;
const pieceBytes = 1024 * 1024;
const sizes = { fast: 400 * pieceBytes, capped: 64 * pieceBytes };
/** 1 Gbit/s. */
const cappedBytesPerMs = 125_000;
const host = "bench.test";

const paths = [
  { name: "plain", scheme: "http", path: "/fast", what: "plain HTTP", atLeast: 250 },
  { name: "connect", scheme: "https", path: "/fast", what: "TLS through CONNECT", atLeast: 200 },
  { name: "capped", scheme: "http", path: "/capped", what: "plain, server at 1 Gbit/s" },
  { name: "cappedTls", scheme: "https", path: "/capped", what: "TLS, server at 1 Gbit/s" },
] as const;
type Path = (typeof paths)[number];

/** A real sandbox's curl through the supervisor's proxy, next to the same curl without both. */
export const egress: Figure = {
  name: "egress",
  title: "Egress proxy, one download from inside a sandbox",
  async run({ effort }) {
    const internet = await new TestInternet({
      names: { [host]: [["93.184.215.14"]] },
      serve,
    }).open();
    try {
      const speeds = new Map<Path, { proxied: number[]; direct: number[] }>();
      for (const path of paths) {
        speeds.set(path, {
          proxied: await proxied(internet, path, effort),
          direct: await direct(internet, path, effort),
        });
      }
      return [...speeds].map(([path, measured]) => rowOf(path, measured));
    } finally {
      internet.close();
    }
  },
};

function rowOf(path: Path, { proxied, direct }: { proxied: number[]; direct: number[] }): Row {
  const value = median(proxied);
  const baseline = { what: "curl to the server directly", value: median(direct) };
  const goal =
    "atLeast" in path
      ? ({ of: "value", atLeast: path.atLeast } as const)
      : ({ of: "ratio", atLeast: 0.85 } as const);
  return { what: path.what, unit: "MB/s", value, baseline, goal };
}

const speedOf = "-w '%{speed_download}\\n'";

async function proxied(internet: TestInternet, path: Path, effort: Effort): Promise<number[]> {
  const url = `${path.scheme}://${host}${path.path}`;
  const script = `for n in $(seq ${rounds[effort] + 1}); do curl -s -o /dev/null ${speedOf} ${url}; done`;
  const claimed = internet.claim(allowing(`${host}:80`, `${host}:443`));
  const claim = claimFor(script, claimed);
  const limits = { ...claim.limits, wallClockMs: 300_000 };
  const { gateway } = await execute({ ...claim, limits }, "userns", {
    environment: internet.environment,
  });
  return speeds(gateway.settled?.output ?? "", effort);
}

async function direct(internet: TestInternet, path: Path, effort: Effort): Promise<number[]> {
  const port = internet.localPort(path.scheme === "https" ? 443 : 80);
  const url = `${path.scheme}://127.0.0.1:${port}${path.path}`;
  const script = `for n in $(seq ${rounds[effort] + 1}); do curl -sk -o /dev/null ${speedOf} ${url}; done`;
  const output = await new Promise<string>((resolve, reject) => {
    execFile("/bin/sh", ["-c", script], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  return speeds(output, effort);
}

/** Speeds in MB/s, without the first, which only warms up. @throws {Error} If one is missing. */
function speeds(output: string, effort: Effort): number[] {
  const all = output.trim().split("\n").map(Number).slice(1);
  if (all.length !== rounds[effort] || !all.every((one) => one > 0)) {
    throw new Error(`no speeds: ${output.slice(0, 500)}`);
  }
  return all.map((bytesPerSecond) => bytesPerSecond / megabyte);
}

const piece = Buffer.alloc(pieceBytes, "x");

const serve: RequestListener = (request, response) => {
  const isCapped = request.url === "/capped";
  const sizeBytes = isCapped ? sizes.capped : sizes.fast;
  response.writeHead(200, { "content-length": sizeBytes });
  void send(response, { sizeBytes, bytesPerMs: isCapped ? cappedBytesPerMs : null });
};

async function send(
  response: ServerResponse,
  { sizeBytes, bytesPerMs }: { sizeBytes: number; bytesPerMs: number | null },
): Promise<void> {
  const beganAt = performance.now();
  const part = bytesPerMs === null ? piece : piece.subarray(0, pieceBytes / 16);
  for (let sentBytes = 0; sentBytes < sizeBytes && !response.destroyed; sentBytes += part.length) {
    const aheadMs =
      bytesPerMs === null ? 0 : sentBytes / bytesPerMs - (performance.now() - beganAt);
    if (aheadMs > 1) await wait(aheadMs);
    if (!response.write(part)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
