import { expect, test, vi } from "vitest";
import { runStep } from "./step.ts";

test("a step that is stopped says so, also if the program ends with a code of its own", async () => {
  vi.spyOn(console, "log").mockReturnValue();
  const obeys = `process.on("SIGTERM", () => process.exit(1)); setInterval(() => {}, 1_000);`;
  const command = [process.execPath, "-e", obeys] as const;
  const { passed, output } = await runStep({ title: "late", command, timeoutMs: 1_000 });
  expect(passed).toBe(false);
  expect(output).toContain("stopped, because it hadn't ended after 1.0 s");
});
