/** A coding agent from npm works through the models' socket, whose token it never sees. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHarness, timeMicrousd } from "../../test/kit/model-harness.ts";
import { isLong } from "../../test/kit/shard.ts";
import { ModelDoor } from "./model-door.ts";

const pi = "@earendil-works/pi-coding-agent@1.6.0";
const path = `${dirname(process.execPath)}:${process.env.PATH}`;

function install(folder: string): string {
  writeFileSync(join(folder, "package.json"), "{}");
  const options = ["--no-audit", "--no-fund", "--ignore-scripts"];
  execFileSync("npm", ["install", ...options, pi], {
    cwd: folder,
    env: { ...process.env, PATH: path },
  });
  return join(folder, "node_modules", ".bin", "pi");
}

// It has 120 packages of 170 MB, too many for each commit.
test.runIf(isLong)(
  "MOD-1 pi writes a file, and its calls are charged once",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "paddock-pi-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const program = install(folder);
    const harness = await startHarness({ balanceMicrousd: 1_000_000 });
    const input = { path: "hello.txt", content: "Hello from pi.\n" };
    harness.providers.play([
      { items: [{ kind: "tool-call", name: "write", input }] },
      { items: [{ kind: "text", text: "It is written." }] },
    ]);
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const address = listener.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const door = new ModelDoor({ url: harness.urls[0] ?? "", token: "a model token" });
    door.listen(listener);
    const baseUrl = `http://127.0.0.1:${port}/anthropic`;
    const models = [{ id: "claude-haiku-4-5", contextWindow: 200_000, maxTokens: 4_000 }];
    const paddock = { baseUrl, api: "anthropic-messages", apiKey: "none", models };
    writeFileSync(join(folder, "models.json"), JSON.stringify({ providers: { paddock } }));
    const child = spawn(
      program,
      [
        "-p",
        "--offline",
        "--no-session",
        "--model",
        "paddock/claude-haiku-4-5",
        "Write hello.txt.",
      ],
      {
        cwd: folder,
        env: { PATH: path, HOME: folder, PI_CODING_AGENT_DIR: folder },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 120_000,
      },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    await once(child, "close");
    door.close();
    const { chargedMicrousd } = await harness.settle();
    const calls = harness.providers.served.length;
    await harness.stop();
    expect(said).toContain("It is written.");
    expect(readFileSync(join(folder, "hello.txt"), "utf8")).toBe("Hello from pi.\n");
    expect(calls).toBe(2);
    expect(chargedMicrousd).toBeGreaterThan(timeMicrousd);
  },
  300_000,
);
