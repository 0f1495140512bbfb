import { afterEach, expect, test, vi } from "vitest";
import { runStep } from "./step.ts";

afterEach(() => void vi.restoreAllMocks());

test("a step that is stopped says so, also if the program ends with a code of its own", async () => {
  vi.spyOn(console, "log").mockReturnValue();
  const obeys = `process.on("SIGTERM", () => process.exit(1)); setInterval(() => {}, 1_000);`;
  const command = [process.execPath, "-e", obeys] as const;
  const { passed, output } = await runStep({ title: "late", command, timeoutMs: 1_000 });
  expect(passed).toBe(false);
  expect(output).toContain("stopped, because it hadn't ended after 1.0 s");
});

test("a step that takes long shows its lines as they come, and once", async () => {
  const logged = vi.spyOn(console, "log").mockReturnValue();
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const command = [process.execPath, "-e", `console.log("one"); process.exit(1)`] as const;
  await runStep({ title: "shown", command, timeoutMs: 60_000, isShown: true });
  expect(written.mock.calls.map(([chunk]) => String(chunk)).join("")).toContain("one");
  expect(logged.mock.calls.join()).toContain("shown");
  expect(logged.mock.calls.join()).not.toContain("one");
});
