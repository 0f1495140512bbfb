/** A scripted model works in the real sandbox, through the programs as they are deployed. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Item } from "#shared/protocol/item";
import type { ModelEntry } from "#shared/protocol/language-model";
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { startModelGateway } from "./support/model-gateway.ts";
import { modesNow } from "./support/modes-now.ts";

const token = "model-token";
const secret = "hunter2-canary-of-the-sandbox";
const program = join(import.meta.dirname, "../../dist/runner/launcher.cjs");
const entry: ModelEntry = {
  id: "scripted-model",
  wire: "anthropic-messages",
  contextTokens: 200_000,
  outputTokensMax: 8_192,
  ...{ tools: true, vision: true, reasoning: false },
};

const call = (name: string, input: object): TurnItem => ({ kind: "tool-call", name, input });
const bash = (command: string, timeout_seconds?: number) =>
  call("bash", { command, ...(timeout_seconds !== undefined && { timeout_seconds }) });
const turn = (...items: TurnItem[]): ScriptedTurn => ({ items });
const say = (text: string): TurnItem => ({ kind: "text", text });

/** Runs the turns, and returns the execution with what the model was shown after each. */
async function work(turns: readonly ScriptedTurn[], mode: (typeof modesNow)[number]) {
  const gateway = await startModelGateway(turns, token);
  const claim = claimFor("Make it work.", {
    task: { model: entry.id, instructions: null, content: "Make it work." },
    models: { token, catalogueEntry: entry },
    secrets: [{ key: "SECRET", value: secret }],
    setupScripts: ["echo ready > /tmp/ready"],
  });
  try {
    const environment = { PADDOCK_MODEL_GATEWAY_URL: gateway.url };
    const run = await execute(claim, mode, { program, environment });
    const requests = gateway.providers.served.map(({ request }) => request.body);
    return { run, results: resultsOf(requests.at(-1)), requests };
  } finally {
    await gateway.close();
  }
}

/** All results of tools in a request, in order. */
function resultsOf(body: Record<string, unknown> | undefined): string[] {
  const messages = (body?.messages ?? []) as { content: { type: string; content?: unknown }[] }[];
  return messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === "tool_result" ? JSON.stringify(block.content) : [])),
  );
}

describe.each(modesNow)("a language model in mode %s", { timeout: 120_000 }, (mode) => {
  test("writes, runs, fails and repairs code, and keeps the files", async () => {
    const broken = "def double(x):\n    return x + x + 1\n";
    const check = "python3 -c 'from lib.calc import double; assert double(2) == 4, double(2)'";
    const { run, results } = await work(
      [
        turn(say("I write it."), call("create", { path: "lib/calc.py", content: broken })),
        turn(bash(`cat /tmp/ready; ${check}`)),
        turn(
          call("view", { path: "lib/calc.py" }),
          call("search", { pattern: "x \\+ x", path: "/workspace" }),
        ),
        turn(call("edit", { path: "lib/calc.py", old_text: "  return x+x+1", new_text: "x" })),
        turn(
          call("edit", {
            path: "/workspace/lib/calc.py",
            old_text: "x + x + 1",
            new_text: "x + x",
          }),
        ),
        turn(bash(`${check} && echo passed; echo $SECRET`)),
        turn(say("It works now.")),
      ],
      mode,
    );
    const { gateway } = run;
    expect(gateway.settled).toMatchObject({
      outcome: "success",
      reason: "completed",
      exitCode: 0,
      output: "It works now.\n",
    });
    expect(gateway.savedFile("lib/calc.py")).toBe("def double(x):\n    return x + x\n");
    expect(results[1]).toMatch(/ready.*AssertionError: 5.*exit code 1/s);
    expect(results[2]).toContain("2\\t    return x + x + 1");
    expect(results[3]).toContain("lib/calc.py:2:");
    expect(results[4]).toMatch(/begins at line 2 and differs in indentation or spaces/);
    expect(results[6]).toContain("passed\\n[redacted:SECRET]");
    expect(gateway.received.join("")).not.toContain(secret);
    const calls = gateway.items().filter((item) => item.type === "tool_call");
    const ended = calls.filter(({ status }) => status !== "running");
    expect(ended.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "shell completed",
      "create completed",
      "bash failed",
      "view completed",
      "search completed",
      "edit failed",
      "edit completed",
      "bash completed",
    ]);
    expect(gateway.text()).toBe("I write it.\nIt works now.\n");
    expect(outputOf(gateway.items())).toContain("AssertionError");
    expect(run.leftovers).toEqual([]);
  });

  test("has a shell that lives on, and that a command can't take with it", async () => {
    const { run, results } = await work(
      [
        turn(bash("mkdir -p sub && cd sub && export KEPT=yes && sleep 600 & echo started")),
        turn(bash("cd /workspace/sub; KEPT=yes; (sleep 601 &) ; while :; do :; done", 1)),
        turn(bash('pwd; echo "[$KEPT]"; pgrep -fc "sleep 60[1]"; pgrep -fc "sleep 60[0]"')),
        turn(bash("exit 7")),
        turn(bash("yes | head -c 3000000; echo the end; cat")),
        turn(
          bash(
            "cd ..; ln -s /etc/passwd out; ln -s / root; mkfifo /tmp/pipe; printf 'a\\0b' > bytes",
          ),
          ...["out", "/tmp/pipe", "bytes", "root/proc/1/environ", "/dev/zero"].map((path) =>
            call("view", { path }),
          ),
          call("create", { path: "root/usr/new", content: "x" }),
        ),
        turn(say("done")),
      ],
      mode,
    );
    expect(run.gateway.settled).toMatchObject({ outcome: "success", output: "done\n" });
    expect(results[0]).toContain("started");
    expect(results[1]).toMatch(/Ended after 1 s, with its processes. A new shell follows in .*sub/);
    // What that command had started is gone; what runs in the background since before isn't.
    expect(results[2]).toContain("/workspace/sub\\n[]\\n0\\n1");
    expect(results[3]).toContain("exit code 7; the command ended the shell");
    expect(results[4]).toMatch(/characters are left out here.*the end\\n.*exit code 0/s);
    const [, out, pipe, bytes, environ, zero, created] = results.slice(5);
    // A link leads to the sandbox's own file, which names nobody of this machine.
    expect(out).toContain("agent");
    expect(out).not.toContain("daemon:x:1:1:daemon");
    expect(pipe).toContain("neither a file nor a folder");
    expect(bytes).toContain("isn't a text file");
    expect(environ).not.toContain("PADDOCK");
    expect(zero).toContain("neither a file nor a folder");
    expect(created).toContain("read-only place");
    expect(run.leftovers).toEqual([]);
  });

  test("keeps what it said when money ends, and says so", async () => {
    const unpaid: ScriptedTurn = { items: [], fault: { kind: "status", status: 402 } };
    const { run } = await work([turn(say("Half."), bash("echo > half")), unpaid], mode);
    const { settled } = run.gateway;
    expect(settled).toMatchObject({ outcome: "failed", reason: "budget" });
    expect(settled?.output).toBe("Half.\nStopped: the budget is used up.\n");
    expect(run.gateway.savedManifest().entries.map(({ path }) => path)).toEqual(["half"]);
  });

  test("ends at once when it is cancelled in a command, with what it said", async () => {
    const gateway = await startModelGateway([turn(say("Now."), bash("sleep 600"))], token);
    const claim = claimFor("Sleep.", {
      task: { model: entry.id, instructions: null, content: "Sleep." },
      models: { token, catalogueEntry: entry },
    });
    const run = await execute(claim, mode, {
      program,
      environment: { PADDOCK_MODEL_GATEWAY_URL: gateway.url },
      during: async (fake, host) => {
        await fake.until(() => fake.items().some((item) => item.type === "tool_call"));
        host.kill("SIGTERM", "launcher");
      },
    });
    await gateway.close();
    expect(run.gateway.settled).toMatchObject({ outcome: "cancelled", reason: "cancelled" });
    expect(run.gateway.settled?.output).toBe("Now.\nStopped: cancelled.\n");
  });
});

function outputOf(items: readonly Item[]): string {
  return items.map((item) => (item.type === "tool_output" ? item.content : "")).join("");
}
