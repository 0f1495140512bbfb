/** The seccomp filter: an allow-list in classic BPF, which bubblewrap loads from a descriptor. */
import { type Architecture, allowedCalls, inspectedCalls, newestKnownNumber } from "./syscalls.ts";

/** One instruction; `whenTrue` and `whenFalse` say how many instructions to skip. */
export interface Instruction {
  readonly code: number;
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
}

/** Offsets into the kernel's `struct seccomp_data`. */
const offset = { number: 0, architecture: 4 };
/** A call's argument: its lower half, which is all of an `int`, and its upper half. */
const argument = (index: number) => ({ lower: 16 + 8 * index, upper: 20 + 8 * index });
const auditArchitecture = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** From this number on, x86-64 uses the x32 ABI: other numbers for the same calls. */
const x32Bit = 0x4000_0000;

const code = { load: 0x20, equal: 0x15, greater: 0x25, atLeast: 0x35, anyBit: 0x45, answer: 0x06 };
export const verdict = { allow: 0x7fff_0000, killProcess: 0x8000_0000 } as const;
const errno = {
  EPERM: 1,
  ENOSYS: 38,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
} as const;
const errnoAnswer = 0x0005_0000;
/** What a refused call returns. */
export const refusal = (name: keyof typeof errno) => errnoAnswer | errno[name];
/** Returns success without doing anything: the error code is "none". */
export const pretence = errnoAnswer;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = 0x7e02_0000;
const unix = 1;
/**
 * What a network of one's own serves: the usual protocol, ICMP, TCP, UDP and ICMPv6. For any other,
 * such as SCTP, the kernel loads code that no program needs.
 */
const internet = { families: [2, 10], protocols: [0, 1, 6, 17, 58] };
/**
 * The netlink protocol that lists interfaces, addresses and routes, which C libraries need for
 * `if_nameindex` and `getifaddrs`. It shows the sandbox's own network, and changing that takes a
 * capability that no process inside has. All other protocols reach kernel code that no program
 * needs.
 */
const netlink = { family: 16, routing: 0 };
const coreFileSize = 4;
const dontNeed = 4;
/** RWF_NOWAIT: read from the page cache only, and fail if the data isn't there. */
const onlyFromCache = 8;
/** These push keystrokes into a terminal, or control the console. */
const terminalInjections = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };
/** Plain Linux, and the query for the current one. */
const personalities = [0, 0xffff_ffff];

/** Calls whose arguments are checked. Each check ends in an answer. */
const inspections: readonly (readonly [name: string, body: readonly Instruction[]])[] = [
  // In a user namespace of its own a process would have capabilities, and more of the kernel.
  [
    "clone",
    [
      load(argument(0).lower),
      jump(code.anyBit, namespaceFlags, 0, 1),
      answer(refusal("EPERM")),
      answer(verdict.allow),
    ],
  ],
  // Its flags are in memory, which a filter can't read; C libraries fall back to clone.
  ["clone3", [answer(refusal("ENOSYS"))]],
  [
    "socket",
    [
      load(argument(0).lower),
      ...oneOf([unix], verdict.allow),
      jump(code.equal, netlink.family, 0, 3),
      load(argument(2).lower),
      jump(code.equal, netlink.routing, 0, 1),
      answer(verdict.allow),
      load(argument(0).lower),
      jump(code.equal, internet.families[0] ?? 0, 2, 0),
      jump(code.equal, internet.families[1] ?? 0, 1, 0),
      answer(refusal("EAFNOSUPPORT")),
      load(argument(2).lower),
      ...oneOf(internet.protocols, verdict.allow),
      answer(refusal("EPROTONOSUPPORT")),
    ],
  ],
  // The kernel makes two sockets of any family before it says that few can be paired.
  [
    "socketpair",
    [load(argument(0).lower), ...oneOf([unix], verdict.allow), answer(refusal("EAFNOSUPPORT"))],
  ],
  [
    "ioctl",
    [
      load(argument(1).lower),
      ...oneOf(Object.values(terminalInjections), refusal("EPERM")),
      answer(verdict.allow),
    ],
  ],
  // Other personalities switch protections off, such as random addresses.
  [
    "personality",
    [load(argument(0).lower), ...oneOf(personalities, verdict.allow), answer(refusal("EPERM"))],
  ],
  // The core file limit stays as it is, because with 0 the kernel would pass a crash to the
  // machine's crash handler. Programs that keep secrets end if they can't set it to 0, so the call
  // pretends to succeed.
  [
    "setrlimit",
    [load(argument(0).lower), ...oneOf([coreFileSize], pretence), answer(verdict.allow)],
  ],
  [
    "prlimit64",
    [
      load(argument(1).lower),
      jump(code.equal, coreFileSize, 0, 5),
      load(argument(2).lower),
      jump(code.equal, 0, 0, 2),
      load(argument(2).upper),
      jump(code.equal, 0, 1, 0),
      answer(pretence),
      answer(verdict.allow),
    ],
  ],
  // A sandbox's files are in memory; these calls would flush everybody's disks.
  ["sync", [answer(pretence)]],
  ["syncfs", [answer(pretence)]],
  // The page cache belongs to the machine: a program that can query and evict it learns which files
  // others use. The call is only advice, so it may be ignored; a read that may wait does the same.
  ["fadvise64", [load(argument(3).lower), ...oneOf([dontNeed], pretence), answer(verdict.allow)]],
  [
    "preadv2",
    [
      load(argument(5).lower),
      jump(code.anyBit, onlyFromCache, 0, 1),
      answer(refusal("EOPNOTSUPP")),
      answer(verdict.allow),
    ],
  ],
  ["cachestat", [answer(refusal("ENOSYS"))]],
];

/** The whole filter for one architecture. */
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
    ...inspections.flatMap(([name, body]) => inspect(number(name), body)),
    ...ranges(allowedCalls(architecture).values()).flatMap(allowRange),
    answer(refusal("EPERM")),
  ];
}

/** The filter in the kernel's format: `struct sock_filter`, little endian on both architectures. */
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

/** Joins consecutive numbers into ranges, which saves two thirds of the comparisons. */
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

/** Skips `body` unless the call in the accumulator is `number`; `body` must end in an answer. */
function inspect(number: number, body: readonly Instruction[]): Instruction[] {
  return [jump(code.equal, number, 0, body.length), ...body];
}

function oneOf(values: readonly number[], value: number): Instruction[] {
  return values.flatMap((candidate) => [jump(code.equal, candidate, 0, 1), answer(value)]);
}

function load(offset: number): Instruction {
  return { code: code.load, whenTrue: 0, whenFalse: 0, value: offset };
}

function answer(value: number): Instruction {
  return { code: code.answer, whenTrue: 0, whenFalse: 0, value: value >>> 0 };
}

function jump(test: number, value: number, whenTrue: number, whenFalse: number): Instruction {
  return { code: test, whenTrue, whenFalse, value: value >>> 0 };
}
