/** How the promises of the group EXE (execution isolation) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const exeControls: Readonly<Record<string, Control>> = {
  "EXE-1": {
    enforcedBy: "local/run/container.ts",
    test: "test/conformance/run-containers.test.ts",
    mutation: {
      file: "local/run/uids.ts",
      find: "const supervisorUid = free.shift();",
      replace: "const supervisorUid = free[0];",
    },
  },
  "EXE-2": {
    enforcedBy: "runner/sandbox/bubblewrap-arguments.ts",
    test: "test/sandbox/arguments.test.ts",
    mutation: {
      file: "runner/sandbox/bubblewrap-arguments.ts",
      find: '["ipc", "pid", "net", "uts", "cgroup"]',
      replace: '["pid", "net", "uts", "cgroup"]',
    },
  },
  "EXE-3": {
    enforcedBy: "runner/sandbox/bubblewrap-arguments.ts",
    test: "test/sandbox/walls.test.ts",
    mutation: {
      file: "runner/sandbox/bubblewrap-arguments.ts",
      find: '...["--remount-ro", "/"],',
      replace: "",
    },
  },
  "EXE-4": {
    enforcedBy: "runner/sandbox/bubblewrap-arguments.ts",
    test: "test/sandbox/arguments.test.ts",
    mutation: {
      file: "runner/sandbox/bubblewrap-arguments.ts",
      find: '"--bounding-set=-all", ',
      replace: "",
    },
  },
  "EXE-5": {
    enforcedBy: "runner/launcher/cgroup.ts",
    test: "test/sandbox/caps.test.ts",
    mutation: {
      file: "runner/supervisor/outcome.ts",
      find: "if (seen.memoryKills > 0) return failed",
      replace: "if (seen.memoryKills > 9) return failed",
    },
  },
  "EXE-6": {
    enforcedBy: "runner/egress/pinned.ts",
    test: "runner/egress/proxy-ways.test.ts",
    mutation: {
      file: "runner/egress/pinned.ts",
      find: "if (special === null) continue;",
      replace: 'if (special !== "loopback") continue;',
    },
  },
  "EXE-7": {
    enforcedBy: "runner/launcher/launch.ts",
    test: "test/sandbox/kills.test.ts",
    mutation: {
      file: "runner/launcher/launch.ts",
      find: "await host.tearDown();",
      replace: "",
    },
  },
  "EXE-8": {
    enforcedBy: "runner/supervisor/check-isolation.ts",
    test: "test/sandbox/proof.test.ts",
    mutation: {
      file: "runner/supervisor/sandbox-session.ts",
      find: "if (missing.length > 0) throw",
      replace: "if (missing.length > 99) throw",
    },
  },
  "EXE-9": {
    enforcedBy: "runner/launcher/file-systems.ts",
    test: "test/escape/escape.test.ts",
    mutation: {
      file: "runner/launcher/scratch.ts",
      find: "own: settings.insideCloudRun ?",
      replace: "own: settings.sandboxUid > 0 ?",
    },
  },
};
