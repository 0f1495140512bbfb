/** The seccomp filter: an allow-list, as classic BPF that bubblewrap loads from a descriptor. */
import { type Architecture, allowedCalls, inspectedCalls, newestKnownNumber } from "./syscalls.ts";

/** One instruction; `whenTrue` and `whenFalse` are how many to skip. */
export interface Instruction {
  readonly code: number;
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
}

/** Offsets into the kernel's `struct seccomp_data`. */
const offset = { number: 0, architecture: 4, argument0: 16, argument1: 24 };
const auditArchitecture = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** From here on, x86-64 takes calls under the x32 ABI: other numbers for the same calls. */
const x32Bit = 0x4000_0000;

const code = { load: 0x20, equal: 0x15, greater: 0x25, atLeast: 0x35, anyBit: 0x45, answer: 0x06 };
export const verdict = { allow: 0x7fff_0000, killProcess: 0x8000_0000 } as const;
const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
/** What a refused call returns. */
export const refusal = (name: keyof typeof errno) => 0x0005_0000 | errno[name];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = 0x7e02_0000;
const socketFamilies = { unix: 1, inet: 2, inet6: 10 };
/** They push keystrokes into a terminal, or steer the console. */
const terminalInjections = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };
/** Plain Linux, and "tell me which". */
const personalities = [0, 0xffff_ffff];

/** The whole filter, for one architecture. */
export function seccompFilter(architecture: Architecture): Instruction[] {
  const call = inspectedCalls(architecture);
  const number = (name: string) => call.get(name) ?? -1;
  const x32 = [jump(code.atLeast, x32Bit, 0, 1), answer(refusal("EPERM"))];
  return [
    load(offset.architecture),
    jump(code.equal, auditArchitecture[architecture], 1, 0),
    answer(verdict.killProcess),
    load(offset.number),
    ...(architecture === "x64" ? x32 : []),
    jump(code.greater, newestKnownNumber, 0, 1),
    answer(refusal("ENOSYS")),
    ...inspect(number("clone"), [
      load(offset.argument0),
      jump(code.anyBit, namespaceFlags, 0, 1),
      answer(refusal("EPERM")),
      answer(verdict.allow),
    ]),
    // Its flags lie in memory, where a filter can't look; C libraries fall back to clone.
    ...inspect(number("clone3"), [answer(refusal("ENOSYS"))]),
    ...inspect(number("socket"), [
      load(offset.argument0),
      ...oneOf(Object.values(socketFamilies), verdict.allow),
      answer(refusal("EAFNOSUPPORT")),
    ]),
    ...inspect(number("ioctl"), [
      load(offset.argument1),
      ...oneOf(Object.values(terminalInjections), refusal("EPERM")),
      answer(verdict.allow),
    ]),
    ...inspect(number("personality"), [
      load(offset.argument0),
      ...oneOf(personalities, verdict.allow),
      answer(refusal("EPERM")),
    ]),
    ...ranges(allowedCalls(architecture).values()).flatMap(allowRange),
    answer(refusal("EPERM")),
  ];
}

/** The filter as the kernel reads it: `struct sock_filter`, little endian on both architectures. */
export function assemble(filter: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(filter.length * 8));
  for (const [index, instruction] of filter.entries()) {
    bytes.setUint16(index * 8, instruction.code, true);
    bytes.setUint8(index * 8 + 2, instruction.whenTrue);
    bytes.setUint8(index * 8 + 3, instruction.whenFalse);
    bytes.setUint32(index * 8 + 4, instruction.value, true);
  }
  return new Uint8Array(bytes.buffer);
}

/** Runs of consecutive numbers: a third of the comparisons. */
export function ranges(numbers: Iterable<number>): { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && number <= run.last + 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs;
}

function allowRange({ first, last }: { first: number; last: number }): Instruction[] {
  return [
    jump(code.greater, last, 3, 0),
    jump(code.atLeast, first, 0, 1),
    answer(verdict.allow),
    answer(refusal("EPERM")),
  ];
}

/** Skips `body` unless the call, in the accumulator, is `number`; `body` must end in an answer. */
function inspect(number: number, body: readonly Instruction[]): Instruction[] {
  return [jump(code.equal, number, 0, body.length), ...body];
}

function oneOf(values: readonly number[], value: number): Instruction[] {
  return values.flatMap((candidate) => [jump(code.equal, candidate, 0, 1), answer(value)]);
}

function load(at: number): Instruction {
  return { code: code.load, whenTrue: 0, whenFalse: 0, value: at };
}

function answer(value: number): Instruction {
  return { code: code.answer, whenTrue: 0, whenFalse: 0, value: value >>> 0 };
}

function jump(test: number, value: number, whenTrue: number, whenFalse: number): Instruction {
  return { code: test, whenTrue, whenFalse, value: value >>> 0 };
}
