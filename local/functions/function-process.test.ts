import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { FunctionProcess } from "./function-process.ts";

const server = `require("node:http").createServer().listen(process.env.PORT, "127.0.0.1");`;

function newProcess(port: number): FunctionProcess {
  const folder = temporaryFolder("paddock-function-");
  const bundle = join(folder, "one.cjs");
  writeFileSync(bundle, server);
  const process = new FunctionProcess({
    ...{ name: "one", bundle, port, environment: { PORT: String(port) } },
    ...{ logFile: join(folder, "one.jsonl"), onNotice: () => undefined },
  });
  onTestFinished(async () => await process.stop());
  return process;
}

async function takenPort() {
  const stranger = createServer().listen(0, "127.0.0.1");
  await once(stranger, "listening");
  onTestFinished(() => void stranger.close());
  return { port: (stranger.address() as AddressInfo).port, stranger };
}

test("a function isn't up because another program listens at its port", async () => {
  const { port } = await takenPort();
  const one = newProcess(port);
  await expect(one.start()).rejects.toThrow(`another program has taken port ${port}`);
  expect(one.isUp).toBe(false);
});

test("a function is up once it listens itself", async () => {
  const { port, stranger } = await takenPort();
  stranger.close();
  await once(stranger, "close");
  const one = newProcess(port);
  await one.start();
  expect(one.isUp).toBe(true);
});
