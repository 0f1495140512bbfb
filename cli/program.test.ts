import { expect, test, vi } from "vitest";
import { buildProgram, type Invocation } from "./program.ts";

test("an option that takes one value is refused twice, and others keep all values", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const invoke = vi.fn<(invocation: Invocation) => Promise<void>>(async () => {});
  const parse = (...words: string[]) => buildProgram(invoke).parseAsync(words, { from: "user" });
  await expect(parse("run", "hi", "-e", "a", "--env", "b")).rejects.toThrow(/-e, --env.*twice/);
  await expect(parse("--profile=a", "whoami", "--profile=b")).rejects.toThrow(/--profile.*twice/);
  expect(invoke).not.toHaveBeenCalled();
  await parse("orchestrations", "run", "o", "--input", "a=1", "--input", "b=2", "--json");
  expect(invoke.mock.lastCall?.[0].options).toEqual({ input: ["a=1", "b=2"], json: true });
  said.mockRestore();
});
