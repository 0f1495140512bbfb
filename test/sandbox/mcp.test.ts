/** MCP servers inside and outside of the real sandbox, as an execution uses them. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelEntry } from "#shared/protocol/language-model";
import { notesProgram } from "../kit/mcp-program.ts";
import { echoServer, httpHandler, serverOf } from "../kit/mcp-servers.ts";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { allowing, publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { startModelGateway } from "./support/model-gateway.ts";
import { modesNow } from "./support/modes-now.ts";

const token = "model-token";
const bearerToken = "mcp-canary-0123456789abcdef";
const program = join(import.meta.dirname, "../../dist/runner/launcher.cjs");
const heard = new Set<string>();
const answer = httpHandler(() => echoServer());
const internet = new TestInternet({
  names: { "mcp.test": [[publicAddress]] },
  serve: (request, response) => {
    heard.add(request.headers.authorization ?? "none");
    void answer(request, response);
  },
});

beforeAll(async () => void (await internet.open()));
afterAll(() => internet.close());

describe.each(modesNow)("MCP servers in mode %s", { timeout: 120_000 }, (mode) => {
  test("serve the model from inside and outside, and the token stays outside", async () => {
    const use = (name: string, input: object) => ({ kind: "tool-call" as const, name, input });
    // The brackets keep the command from finding itself.
    const search = "grep -rs 'mcp-canar[y]' /workspace /tmp /proc/*/environ /proc/*/cmdline";
    const gateway = await startModelGateway(
      [
        {
          items: [use("mcp__notes__note", { text: "milk" }), use("mcp__far__echo", { text: "hi" })],
        },
        {
          items: [use("bash", { command: `cat note.txt; ${search} || echo none` })],
        },
        { items: [{ kind: "text", text: "done" }] },
      ],
      token,
    );
    const entry: ModelEntry = {
      id: "scripted-model",
      wire: "anthropic-messages",
      contextTokens: 200_000,
      outputTokensMax: 8_192,
      ...{ tools: true, vision: false, reasoning: false },
    };
    const { network } = internet.claim(allowing("mcp.test:443"));
    const claim = claimFor("Note it.", {
      task: { model: entry.id, instructions: null, content: "Note it." },
      models: { token, catalogueEntry: entry },
      ...(network && { network }),
      mcpServers: [
        serverOf({
          ...notesProgram,
          args: [...notesProgram.args],
          name: "notes",
          env: { NOTES_ABOUT: "the shop" },
        }),
        serverOf({ name: "far", type: "http", url: "https://mcp.test/mcp", bearerToken }),
        serverOf({ name: "refused", type: "http", url: "https://elsewhere.test/mcp" }),
        serverOf({ name: "missing", command: "no-such-program" }),
      ],
    });
    const environment = { PADDOCK_MODEL_GATEWAY_URL: gateway.url, ...internet.environment };
    const run = await execute(claim, mode, { program, environment });
    const requests = gateway.providers.served.map(({ request }) => JSON.stringify(request.body));
    await gateway.close();
    expect(run.gateway.settled).toMatchObject({ outcome: "success", output: "done\n" });
    expect(run.gateway.savedFile("note.txt")).toBe("milk\n");
    // What the variable holds counts as secret.
    expect(requests[1]).toContain("kept milk for [redacted:NOTES_ABOUT]");
    expect(requests[1]).toContain("<tool_output>\\nhi\\n</tool_output>");
    expect(requests[2]).toContain("milk\\nnone");
    expect(heard).toEqual(new Set([`Bearer ${bearerToken}`]));
    expect(requests.join("") + run.gateway.received.join("")).not.toContain(bearerToken);
    const text = run.gateway.text();
    expect(text).toMatch(/"refused" can't be used: .*policy doesn't allow this host/);
    expect(text).toMatch(/"missing" can't be used: There is no such command/);
    const rules = run.gateway.egress.map(({ host, rule }) => `${host} ${rule}`);
    expect(new Set(rules)).toEqual(new Set(["mcp.test null", "elsewhere.test host_not_allowed"]));
    expect(run.leftovers).toEqual([]);
  });
});
