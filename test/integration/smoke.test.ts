/** The smoke test of a deployment, on a healthy one and on broken ones. */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { cloud, operatorTokenFor } from "../kit/cloud.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

async function smoke(url: string, args: readonly string[], token = "") {
  const env = { ...process.env, NO_COLOR: "1", PADDOCK_OPERATOR_TOKEN: token };
  if (token === "") Reflect.deleteProperty(env, "PADDOCK_OPERATOR_TOKEN");
  return await new Promise<{ code: unknown; output: string }>((resolve) => {
    const command = ["deploy/smoke.ts", "--url", url, ...args];
    execFile(process.execPath, command, { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe.runIf(isTurn(1, 4))("the smoke test", () => {
  test("passes here, and suspends the account that it made", async () => {
    const token = await operatorTokenFor(firstOperator);
    const { code, output } = await smoke(cloud().baseUrl, [], token);
    expect(output).toContain("14 passed");
    expect(output.match(/not applicable/g)?.length).toBe(3);
    expect(code).toBe(0);
    const owner = /(user_\S+) shut with all its keys/.exec(output)?.[1] ?? "";
    expect((await firestore().doc(`owners/${owner}`).get()).get("state")).toBe("suspended");
    const left = await firestore().collection(`owners/${owner}/environments`).get();
    expect(left.docs.length).toBe(0);
  });

  test("without an operator says what it couldn't check, and doesn't count as passed", async () => {
    const { code, output } = await smoke(cloud().baseUrl, []);
    expect(output).toContain("needs an operator's token");
    expect(output).toContain("6 passed, 8 checks skipped");
    expect(code).toBe(3);
  });

  test("fails where everything is answered with 200", async () => {
    const server = createServer((_request, response) => response.end('{"status":"healthy"}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const { code, output } = await smoke(`http://127.0.0.1:${port}`, []);
    server.close();
    expect(output).toContain("/v1/health (200) lacks strict-transport-security");
    expect(output).toContain("a key that nobody issued was answered 200");
    expect(code).toBe(1);
  });

  test.each([
    ["http://127.0.0.1:1", ["--only", "nonsense"], "There is no check called nonsense"],
    ["http://api.example.com", [], "reached over https"],
    ["http://127.0.0.1:1", ["--url", "http://127.0.0.1:2"], "--url is given twice"],
  ])("refuses %s %j in one sentence", async (url, args, says) => {
    const { code, output } = await smoke(url, args);
    expect(output).toContain(says);
    expect(code).toBe(2);
  });
});
