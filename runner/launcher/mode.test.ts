import { expect, test } from "vitest";
import { sandboxModes } from "#shared/protocol/sandbox-mode";
import { probeCommand } from "./mode.ts";

test.each(sandboxModes)("the probe of mode %s tries every namespace of a real sandbox", (mode) => {
  const unshared = probeCommand(mode, 1234).filter((word) => word.startsWith("--unshare-"));
  const each = ["cgroup", "ipc", "net", "pid", "uts"].map((name) => `--unshare-${name}`);
  const user = mode === "userns" ? ["--unshare-user"] : [];
  expect(new Set(unshared)).toEqual(new Set([...each, ...user]));
});
