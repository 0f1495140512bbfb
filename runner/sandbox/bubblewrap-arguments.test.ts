import { describe, expect, test } from "vitest";
import { bubblewrapArguments, type SandboxPlan, sandboxCommand } from "./bubblewrap-arguments.ts";

const plan: SandboxPlan = {
  mode: "userns",
  uid: 1234,
  workspace: "/s/workspace",
  tmp: "/s/tmp",
  layer: null,
  node: "/s/node",
  runtime: "/s/runtime",
  system: "/s/system",
  initFile: "init.cjs",
  host: {
    usrLinks: [{ path: "/bin", target: "usr/bin" }],
    etcFolders: ["fonts"],
    procFiles: ["/proc/keys"],
    procFolders: ["/proc/sys"],
  },
  sharedMemoryBytes: 4_096,
  openFilesMax: 100,
  fileBytesMax: 10_240,
  processesMax: null,
};
const setprivPlan: SandboxPlan = { ...plan, mode: "setpriv" };

describe.each([plan, setprivPlan])("EXE-2 EXE-3 the arguments in mode $mode", (each) => {
  const list = bubblewrapArguments(each);
  const text = list.join(" ");

  test("unshare every namespace, die with the parent, clear the environment", () => {
    for (const name of ["ipc", "pid", "net", "uts", "cgroup"])
      expect(list).toContain(`--unshare-${name}`);
    for (const flag of ["--new-session", "--die-with-parent", "--as-pid-1", "--clearenv"]) {
      expect(list).toContain(flag);
    }
  });

  test("bind two folders writable, and everything else read-only", () => {
    const writable = list.flatMap((word, index) => (word === "--bind" ? [list[index + 2]] : []));
    expect(writable).toEqual(["/workspace", "/tmp"]);
    expect(text).not.toMatch(/--share-net|--bind-try/);
  });

  test("bind no inode that another execution on the machine shares", () => {
    const sources = list.flatMap((word, index) =>
      /^--(ro-|dev-)?bind$/.test(word) ? [list[index + 1] ?? ""] : [],
    );
    expect(sources.filter((path) => !path.startsWith("/s/"))).toEqual(each.host.procFolders);
    const devices = list.flatMap((word, index) => (word === "--dev-bind" ? [list[index + 2]] : []));
    const nodes = ["null", "zero", "full", "random", "urandom", "tty", "pts"];
    expect(devices).toEqual(nodes.map((name) => `/dev/${name}`));
    expect(list.indexOf("--dev")).toBeLessThan(list.indexOf("--dev-bind"));
  });

  test("bind the machine's own files if it has one execution", () => {
    const alone = bubblewrapArguments({ ...each, system: null }).join(" ");
    expect(alone).toContain("--ro-bind /usr /usr");
    expect(alone).toContain("--ro-bind /etc/fonts /etc/fonts");
    expect(alone).not.toContain("--dev-bind");
  });

  test("make the root read-only last", () => {
    expect(list.slice(-2)).toEqual(["--remount-ro", "/"]);
  });

  test("mask what the kernel offers, after the new /proc", () => {
    expect(text).toContain("--ro-bind /s/system/dev/null /proc/keys");
    for (const path of ["/proc/keys", "/proc/loadavg", "/proc/sys/kernel/random/boot_id"]) {
      expect(list.indexOf("/proc/sys")).toBeLessThan(list.indexOf(path));
    }
  });

  test("drop every capability", () => {
    expect(text).toContain("--cap-drop ALL");
  });
});

describe("sandboxCommand()", () => {
  test("in mode userns is unprivileged before bubblewrap starts", () => {
    const command = sandboxCommand(plan);
    expect(command.slice(0, 9).join(" ")).toBe(
      "prlimit --core=1 setpriv --reuid 1234 --regid 1234 --clear-groups bwrap",
    );
    expect(command).toContain("--unshare-user");
    expect(command).toContain("--disable-userns");
  });

  // Root with a user namespace is still root outside, and could write the host's sysctls.
  test("in mode setpriv never has a user namespace, and drops root inside", () => {
    const command = sandboxCommand(setprivPlan);
    expect(command.slice(0, 3)).toEqual(["prlimit", "--core=1", "bwrap"]);
    expect(command).not.toContain("--unshare-user");
    const after = command.slice(command.indexOf("/usr/bin/setpriv")).join(" ");
    expect(after).toContain("--reuid 1234 --regid 1234 --clear-groups --inh-caps=-all");
    expect(after).toContain("--bounding-set=-all --no-new-privs /bin/sh");
    const kept = command.flatMap((word, index) =>
      word === "--cap-add" ? [command[index + 1]] : [],
    );
    expect(kept).toEqual(["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]);
  });

  test.each([plan, setprivPlan])("in mode $mode counts processes where no group does", (each) => {
    expect(sandboxCommand({ ...each, processesMax: 7 })[2]).toBe("--nproc=7");
    expect(sandboxCommand(each).join(" ")).not.toContain("--nproc");
  });

  test("limits files and their size before anything else runs", () => {
    const script = sandboxCommand(plan).at(-1) ?? "";
    expect(script).toContain("ulimit -n 100 && ulimit -f 20 || exit 125");
    expect(script.indexOf("ulimit")).toBeLessThan(script.indexOf("node"));
  });

  test("gives programs the room for variables that their bound relies on", () => {
    expect(sandboxCommand(plan).at(-1)).toContain("\nulimit -S -s 8192 2>/dev/null || true\n");
  });
});
