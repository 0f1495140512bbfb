/** SEC-4: what a script prints of a secret doesn't leave, in any form. */
import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute, type Host } from "../kit/sandbox/host.ts";

const value = 'sk-/+"canary" 7f3a9c&é';
const forms = `
  printf '%s\\n' "$TOKEN"
  printf '%s' "$TOKEN" | base64 -w0; echo
  printf 'x%s' "$TOKEN" | base64 -w0; echo
  printf '%s' "$TOKEN" | od -An -tx1 | tr -d ' \\n'; echo
  node -p 'JSON.stringify(process.env.TOKEN)'
  node -p 'encodeURIComponent(process.env.TOKEN)'
  for i in $(seq 0 $((\${#TOKEN} - 1))); do printf '%s' "\${TOKEN:$i:1}"; sleep 0.01; done; echo
  echo "$TOKEN" > "$NAME"; exit 3`;

/** How much of each program that holds tokens a crash may write, and who may read it. */
function whereCrashesGo({ pids }: Host): string[] {
  return pids().map((pid) => {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    const hard = /^Max core file size\s+\S+\s+(\S+)/m.exec(limits)?.[1];
    return `limit ${hard}, of uid ${statSync(`/proc/${pid}/environ`).uid}`;
  });
}

describe("SEC-4 an execution with a secret", { timeout: 120_000 }, () => {
  test("uses it without revealing it, even if a program of ours crashes", async () => {
    const name = "file-named-by-a-secret";
    const secrets = [
      { key: "TOKEN", value },
      { key: "NAME", value: name },
    ];
    let crashes: readonly string[] = [];
    const run = await execute(claimFor(forms, { secrets }), "userns", {
      during: async (gateway, host) => {
        await gateway.until(() => gateway.text() !== "");
        crashes = whereCrashesGo(host);
      },
    });
    // With one byte the kernel asks no crash handler, and a `/proc`
    // that root owns shows a process that isn't dumped at all.
    expect(crashes).toEqual(["limit 1, of uid 0", "limit 1, of uid 0"]);
    const { gateway, host } = run;
    expect(gateway.settled?.output.match(/\[redacted:TOKEN\]/g)?.length).toBeGreaterThanOrEqual(7);
    const said = gateway.received.join("\n") + host.log();
    const hex = Buffer.from(value).toString("hex");
    const base64 = Buffer.from(value).toString("base64").slice(0, 24);
    const json = JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1);
    const plain = JSON.stringify(value).slice(1, -1);
    for (const form of [name, value, plain, hex, base64, encodeURIComponent(value), json]) {
      expect(said).not.toContain(form);
    }
    expect(said).not.toContain("canary");
    // The workspace belongs to the owner, so a script may save the value there.
    expect(gateway.savedFile(name)).toBe(`${value}\n`);
  });
});

describe("SEC-8 an execution whose stored secret no program can be given", () => {
  test("says which one it is, and nothing of what is in it", async () => {
    const secrets = [{ key: "TOKEN", value: "sk-live-4242\u0000" }];
    const { gateway, host } = await execute(claimFor("echo hello", { secrets }), "userns");
    expect(gateway.settled).toMatchObject({ outcome: "failed", exitCode: 126 });
    expect(gateway.settled?.output).toContain(
      "couldn't be started: the variable TOKEN holds the character U+0000",
    );
    expect(gateway.received.join("\n") + host.log()).not.toMatch(/sk-live|-4242/);
  });
});

describe("an execution whose variables are too large together for a program", () => {
  test("says so", async () => {
    const value = "x".repeat(120_000);
    const keys = Array.from({ length: 20 }, (_, index) => `LONG_${index}`);
    const environmentVariables = keys.map((key) => ({ key, value }));
    const { gateway } = await execute(claimFor("echo hello", { environmentVariables }), "userns");
    expect(gateway.settled).toMatchObject({ outcome: "failed", exitCode: 126 });
    expect(gateway.settled?.output).toBe(
      "The script couldn't be started: its variables and secrets are too large together; " +
        "use fewer, or put them into files.\n",
    );
  });
});
