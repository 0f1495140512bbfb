import { expect, test } from "vitest";
import { CommandOptions } from "./command-options.ts";
import { findEnvironment } from "./commands/environment-names.ts";
import { threadFor } from "./commands/run.ts";
import { readStdin } from "./prompts.ts";

async function* pieces(...bytes: readonly number[]) {
  for (const byte of bytes) yield Buffer.of(byte);
}

test("what is on stdin is text, or is refused", async () => {
  expect(await readStdin(pieces(0xc3, 0xa4, 0x0a))).toBe("ä\n");
  await expect(readStdin(pieces(0x30, 0x82, 0xff))).rejects.toThrow("isn't text in UTF-8");
});

test("an empty name of an environment isn't the default one", async () => {
  const client = { call: async () => ({ id: "env_a" }) as never, list: async () => [] };
  await expect(findEnvironment(client, "")).rejects.toThrow("name is empty");
  expect(await findEnvironment(client, undefined)).toBe("env_a");
});

test.each(["env", "agent", "title"])("a thread that goes on takes no --%s", async (name) => {
  const options = new CommandOptions({ thread: "thread_a", [name]: "x" });
  const context = { options, client: () => Promise.reject() };
  await expect(threadFor(context, "hi")).rejects.toThrow(`give --thread or --${name}`);
});
