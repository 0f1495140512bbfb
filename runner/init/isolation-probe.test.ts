import { describe, expect, test } from "vitest";
import {
  cleanEnvironment,
  hardLimit,
  noCapabilities,
  noCoreFiles,
  onlyLoopback,
  parseStatus,
  readOnly,
} from "./isolation-probe.ts";

const zero = "0000000000000000";
const names = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
const status = (held: string, bits: string) =>
  parseStatus(names.map((name) => `${name}:\t${name === held ? bits : zero}`).join("\n"));

describe("EXE-8 the probe", () => {
  test.each(names)("sees a capability in %s", (name) => {
    expect(noCapabilities(status("", zero))).toBe(true);
    expect(noCapabilities(status(name, "0000000000200000"))).toContain(name);
  });

  test.each(["0", "4096", "unlimited"])(
    "sees that a core file of %s bytes could be written",
    (bytes) => {
      const limits = (soft: string, hard: string) =>
        `Limit   Soft Limit   Hard Limit   Units\nMax core file size        ${soft}    ${hard}    bytes\n`;
      expect(noCoreFiles(limits("1", "1"))).toBe(true);
      expect(noCoreFiles(limits("1", bytes))).not.toBe(true);
    },
  );

  test("counts a set of capabilities it can't read as held", () => {
    expect(noCapabilities(parseStatus("CapInh: 0"))).not.toBe(true);
  });

  test("sees any interface but the loopback", () => {
    const table = (rows: string) => `Inter-| Receive\n face |bytes\n${rows}`;
    expect(onlyLoopback(table("    lo: 0 0\n"))).toBe(true);
    expect(onlyLoopback(table("    lo: 0 0\n  eth0: 1 1\n"))).toBe("eth0");
  });

  test("sees unexpected variables", () => {
    expect(cleanEnvironment(["PATH", "HOME"])).toBe(true);
    expect(cleanEnvironment(["PATH", "PADDOCK_TICKET"])).toBe("PADDOCK_TICKET");
  });

  test("looks at the topmost mount of a path", () => {
    const row = (path: string, options: string) => `1 0 0:1 / ${path} ${options} - tmpfs x rw`;
    expect(readOnly([row("/usr", "ro,nosuid"), row("/usr", "rw")].join("\n"), "/usr")).not.toBe(
      true,
    );
    expect(readOnly(row("/", "ro"), "/usr")).toContain("isn't mounted");
  });

  test("reads hard limits", () => {
    const limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files   64   128   files\n";
    expect(hardLimit(limits, "Max open files")).toBe(128);
    expect(hardLimit("Max file size    unlimited   unlimited   bytes", "Max file size")).toBe(-1);
    expect(hardLimit(limits, "Max something")).toBe(-1);
  });
});
