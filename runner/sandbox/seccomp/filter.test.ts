import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  assemble,
  type Instruction,
  pretence,
  ranges,
  refusal,
  seccompFilter,
  verdict,
} from "./filter.ts";
import { type Architecture, allowedCalls, architectures, inspectedCalls } from "./syscalls.ts";

const audit = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
const stepsMax = 1_000;

interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly values?: readonly bigint[];
}

/** Runs a filter as the kernel does: a machine with one register. */
function decide(filter: readonly Instruction[], call: Call): number {
  const data = new Map([
    [0, call.number],
    [4, call.architecture],
  ]);
  for (let index = 0; index < 6; index += 1) {
    const value = BigInt.asUintN(64, call.values?.[index] ?? 0n);
    data.set(16 + 8 * index, Number(value & 0xffff_ffffn));
    data.set(20 + 8 * index, Number(value >> 32n));
  }
  let register = 0;
  let at = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const { code, value, whenTrue, whenFalse } = filter[at] ?? {
      code: -1,
      value: 0,
      whenTrue: 0,
      whenFalse: 0,
    };
    if (code === 0x06) return value;
    if (code === 0x20) register = (data.get(value) ?? Number.NaN) >>> 0;
    const holds =
      (code === 0x15 && register === value) ||
      (code === 0x25 && register > value) ||
      (code === 0x35 && register >= value) ||
      (code === 0x45 && (register & value) !== 0);
    if (![0x20, 0x15, 0x25, 0x35, 0x45].includes(code)) throw new Error(`no instruction at ${at}`);
    at += 1 + (code === 0x20 ? 0 : holds ? whenTrue : whenFalse);
  }
  throw new Error("the filter doesn't end");
}

describe.each(architectures)("the filter for %s", (architecture: Architecture) => {
  const filter = seccompFilter(architecture);
  const own = audit[architecture];
  const inspected = inspectedCalls(architecture);
  const answer = (name: string, ...values: (number | bigint)[]) => {
    const number = inspected.get(name) ?? allowedCalls(architecture).get(name) ?? -1;
    return decide(filter, { number, architecture: own, values: values.map(BigInt) });
  };

  test("allows what is listed, inspects a few, and refuses every other number", () => {
    const allowed = new Set(allowedCalls(architecture).values());
    const looked = new Set(inspected.values());
    for (let number = 0; number <= 462; number += 1) {
      if (looked.has(number)) continue;
      const wanted = allowed.has(number) ? verdict.allow : refusal("EPERM");
      expect([number, decide(filter, { number, architecture: own })]).toEqual([number, wanted]);
    }
  });

  test("says that calls newer than the list aren't there, so that callers fall back", () => {
    expect(decide(filter, { number: 463, architecture: own })).toBe(refusal("ENOSYS"));
    expect(answer("clone3")).toBe(refusal("ENOSYS"));
  });

  test("kills what comes under another architecture's numbers", () => {
    const other = architecture === "x64" ? audit.arm64 : audit.x64;
    expect(decide(filter, { number: 0, architecture: other })).toBe(verdict.killProcess);
    expect(decide(filter, { number: 0, architecture: 0x4000_0003 })).toBe(verdict.killProcess);
  });

  test.each([
    0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
  ])("refuses clone with namespace flag %i", (flag) => {
    expect(answer("clone", flag | 17)).toBe(refusal("EPERM"));
  });

  test("allows threads and forks", () => {
    expect(answer("clone", 17)).toBe(verdict.allow);
    expect(answer("clone", 0x003d_0f00)).toBe(verdict.allow);
  });

  test("opens sockets of four families only", () => {
    const open = Array.from({ length: 50 }, (_, family) => family).filter(
      (family) => answer("socket", family) === verdict.allow,
    );
    expect(open).toEqual([1, 2, 10, 16]);
    expect(answer("socket", 17)).toBe(refusal("EAFNOSUPPORT"));
  });

  test("EXE-4 pairs sockets of one family only, and makes none of another", () => {
    const open = Array.from({ length: 50 }, (_, family) => family).filter(
      (family) => answer("socketpair", family) !== refusal("EAFNOSUPPORT"),
    );
    expect(open).toEqual([1]);
    expect(answer("socketpair", 1)).toBe(verdict.allow);
  });

  test("EXE-4 opens no protocol of the internet that loads code no program needs", () => {
    for (const family of [2, 10]) {
      const open = Array.from({ length: 300 }, (_, protocol) => protocol).filter(
        (protocol) => answer("socket", family, 1, protocol) !== refusal("EPROTONOSUPPORT"),
      );
      expect(open).toEqual([0, 1, 6, 17, 58]);
      expect(answer("socket", family, 1, (1n << 32n) | 132n)).toBe(refusal("EPROTONOSUPPORT"));
    }
    expect(answer("socket", 1, 1, 132)).toBe(verdict.allow);
  });

  test("EXE-4 opens only the netlink protocol that lists interfaces", () => {
    for (const type of [2, 3, 3 | 0o2_000_000]) {
      const open = Array.from({ length: 40 }, (_, protocol) => protocol).filter(
        (protocol) => answer("socket", 16, type, protocol) !== refusal("EAFNOSUPPORT"),
      );
      expect(open).toEqual([0]);
    }
    expect(answer("socket", 16, 3, 0)).toBe(verdict.allow);
    // The kernel looks at the lower half of each argument only.
    expect(answer("socket", (1n << 32n) | 16n, 3, (1n << 32n) | 12n)).toBe(refusal("EAFNOSUPPORT"));
    expect(answer("socket", 17, 3, 0)).toBe(refusal("EAFNOSUPPORT"));
  });

  test("EXE-5 keeps the core file limit although the call succeeds, and lets it be read", () => {
    const [memory, high] = [0x7ffc_0000_1000n, 0x7ffc_0000_0000n];
    expect(answer("setrlimit", 4, memory)).toBe(pretence);
    for (const pointer of [memory, high, 1n]) {
      expect(answer("prlimit64", 0, 4, pointer, 0)).toBe(pretence);
      expect(answer("prlimit64", 0, 4, pointer, memory)).toBe(pretence);
      expect(answer("prlimit64", 0, 7, pointer, 0)).toBe(verdict.allow);
    }
    expect(answer("prlimit64", 0, 4, 0, memory)).toBe(verdict.allow);
    expect(answer("setrlimit", 7, memory)).toBe(verdict.allow);
  });

  test("EXE-9 never flushes the machine's disks or reveals its page cache", () => {
    expect(answer("sync")).toBe(pretence);
    expect(answer("syncfs", 3)).toBe(pretence);
    expect(answer("fsync", 3)).toBe(verdict.allow);
    expect(answer("fadvise64", 3, 0, 0, 4)).toBe(pretence);
    expect(answer("fadvise64", 3, 0, 0, 2)).toBe(verdict.allow);
    expect(answer("preadv2", 3, 0, 1, 0, 0, 8)).toBe(refusal("EOPNOTSUPP"));
    expect(answer("preadv2", 3, 0, 1, 0, 0, 2)).toBe(verdict.allow);
    expect(answer("cachestat")).toBe(refusal("ENOSYS"));
  });

  test("refuses keystrokes into terminals, and other personalities", () => {
    expect(answer("ioctl", 0, 0x5412)).toBe(refusal("EPERM"));
    expect(answer("ioctl", 0, 0x541c)).toBe(refusal("EPERM"));
    expect(answer("ioctl", 0, 0x5413)).toBe(verdict.allow);
    expect(answer("personality", 0)).toBe(verdict.allow);
    expect(answer("personality", 0xffff_ffff)).toBe(verdict.allow);
    expect(answer("personality", 0x0040_0000)).toBe(refusal("EPERM"));
  });

  test("is short enough for the kernel, and each jump is", () => {
    expect(filter.length).toBeLessThan(4_096);
    for (const { whenTrue, whenFalse } of filter) {
      expect(Math.max(whenTrue, whenFalse)).toBeLessThan(256);
    }
  });
});

describe("the filter for x64", () => {
  test("refuses the x32 ABI", () => {
    const call = { number: 0x4000_0000, architecture: audit.x64 };
    expect(decide(seccompFilter("x64"), call)).toBe(refusal("EPERM"));
  });
});

const headers = { x64: "asm/unistd_64.h", arm64: "asm-generic/unistd.h" } as const;
const folders = ["/usr/include/x86_64-linux-gnu", "/usr/include"];

describe("the numbers", () => {
  test.each(architectures)("are those of the kernel's headers for %s", (architecture) => {
    const path = folders.map((folder) => join(folder, headers[architecture])).find(existsSync);
    if (path === undefined) return;
    const text = readFileSync(path, "utf8");
    const known = new Map(
      [...text.matchAll(/#define __NR(?:3264)?_(\w+)\s+(\d+)/g)].map(([, name = "", number]) => [
        name,
        Number(number),
      ]),
    );
    const all = [...allowedCalls(architecture), ...inspectedCalls(architecture)];
    const found = all.filter(([name]) => known.has(name));
    expect(found.length).toBeGreaterThan(200);
    for (const [name, number] of found) expect([name, number]).toEqual([name, known.get(name)]);
  });

  test("are listed once", () => {
    for (const architecture of architectures) {
      const numbers = [
        ...allowedCalls(architecture).values(),
        ...inspectedCalls(architecture).values(),
      ];
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  });
});

describe("ranges()", () => {
  test("joins neighbours", () => {
    expect(ranges([5, 1, 2, 3, 9])).toEqual([
      { first: 1, last: 3 },
      { first: 5, last: 5 },
      { first: 9, last: 9 },
    ]);
  });
});

describe("assemble()", () => {
  test("writes what the kernel reads: code, two jumps, value", () => {
    const instruction = { code: 0x15, whenTrue: 2, whenFalse: 3, value: 0x0102_0304 };
    expect([...assemble([instruction])]).toEqual([0x15, 0, 2, 3, 4, 3, 2, 1]);
  });
});
