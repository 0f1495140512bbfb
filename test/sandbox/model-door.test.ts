/** MOD-1 programs in a sandbox call models without a token, also without a network. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { startModelGateway } from "./support/model-gateway.ts";
import { modesNow } from "./support/modes-now.ts";

const token = "model-token-canary-0123456789";
const program = join(import.meta.dirname, "../../dist/runner/launcher.cjs");
const body = JSON.stringify({
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hello." }],
});
const script = `
  ask() { curl -sS -H 'x-api-key: mine' -H 'authorization: Bearer mine' \\
    -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' "$@"; echo; }
  ask -d '${body}' "$ANTHROPIC_BASE_URL/v1/messages"
  ask http://127.0.0.1:3129/anthropic/../executions/settle --path-as-is -d '{}'
  ask http://127.0.0.1:3129/internal/executions/claim -d '{}'
  ask http://127.0.0.1:3128/ -d '{}' | cut -c 1-60
  grep -rs 'model-token-canar[y]' /proc/*/environ /proc/*/cmdline /tmp /workspace || echo no token`;

describe.each(modesNow)("models by a socket inside, in mode %s", { timeout: 120_000 }, (mode) => {
  test("are called with the supervisor's token, and nothing else is", async () => {
    const turn = { items: [{ kind: "text" as const, text: "Said by the model." }] };
    const gateway = await startModelGateway([turn], token);
    const key = "ANTHROPIC_BASE_URL";
    const claim = claimFor(script, {
      modelToken: token,
      environmentVariables: [{ key, value: "http://127.0.0.1:3129/anthropic" }],
    });
    const environment = { PADDOCK_MODEL_GATEWAY_URL: gateway.url };
    const run = await execute(claim, mode, { program, environment });
    const [call, ...more] = gateway.providers.served;
    await gateway.close();
    const output = run.gateway.settled?.output ?? "";
    const lines = output.split("\n").filter((line) => line !== "");
    expect(lines[0]).toContain("Said by the model.");
    expect(lines.slice(1, 3).every((line) => line.includes("Models are below"))).toBe(true);
    expect(lines[3]).toContain("no_network");
    expect(lines[4]).toBe("no token");
    expect(more).toEqual([]);
    const headers = call?.request.headers;
    expect([headers?.authorization, headers?.["x-api-key"]]).toEqual([
      `Bearer ${token}`,
      undefined,
    ]);
    expect(run.leftovers).toEqual([]);
  });
});
