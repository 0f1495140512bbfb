/** Starts the supervisor's process, and serves its requests. */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import { passingGroup } from "./core-files.ts";
import { linesOf } from "./lines.ts";
import type {
  Hello,
  LauncherReply,
  LauncherRequest,
  limitNames,
  PreparedLayer,
} from "./messages.ts";
import { knownPorts } from "./netns-listener.ts";

export interface SupervisorStart {
  readonly node: string;
  readonly program: string;
  readonly uid: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Limits the JavaScript heap; packs are outside of it. Most new objects die at once, so they get
 * little room. They get all of it from the beginning, because what a start makes doesn't die, and
 * copying it twice costs more than the room.
 */
const youngMib = 2;
const heapFlags = [
  "--max-old-space-size=192",
  `--min-semi-space-size=${youngMib}`,
  `--max-semi-space-size=${youngMib}`,
];

/** Starts it without privileges; the kernel ends it with us. */
export function startSupervisor(start: SupervisorStart): ChildProcess {
  const group = ["--rgid", `${start.uid}`, "--egid", `${passingGroup}`];
  const user = ["--reuid", `${start.uid}`, ...group, "--clear-groups"];
  const bare = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--pdeathsig", "KILL"];
  const node = [start.node, ...heapFlags, start.program];
  // A crash mustn't leave tokens and secrets in a core file. A limit of one byte means "for
  // nobody"; with 0 the kernel would still pass them to the machine's crash handler.
  return spawn("prlimit", ["--core=1", "setpriv", ...user, ...bare, ...node], {
    // The last one is Node's own channel, the only one that can carry a socket.
    stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"],
    env: start.environment,
    cwd: "/",
  });
}

/** Answers the supervisor's requests, one after another. */
export async function serveSupervisor(
  supervisor: ChildProcess,
  hello: Hello,
  handle: (request: LauncherRequest) => Promise<unknown>,
): Promise<void> {
  const line = supervisor.stdio[3];
  if (!(line instanceof Socket)) throw new Fault("The supervisor has no line to us.");
  const send = (message: unknown) => line.write(`${JSON.stringify(message)}\n`);
  // The supervisor may end at any moment; only its exit status matters.
  line.on("error", () => undefined);
  send(hello);
  for await (const text of linesOf(line)) {
    const reply: LauncherReply<unknown> = await answer(text, handle);
    send(reply);
  }
}

async function answer(
  text: string,
  handle: (request: LauncherRequest) => Promise<unknown>,
): Promise<LauncherReply<unknown>> {
  try {
    return { ok: await handle(parseRequest(text)) };
  } catch (error) {
    return { failed: describeError(error) };
  }
}

/** @throws {Error} If it isn't a valid request; messages to root are checked strictly. */
export function parseRequest(text: string): LauncherRequest {
  const message: unknown = JSON.parse(text);
  if (typeof message !== "object" || message === null || !("do" in message)) throw malformed();
  if (message.do === "start" || message.do === "stop") return { do: message.do };
  if (message.do === "open-listeners" && "ports" in message) {
    return { do: message.do, ports: knownPorts(message.ports) };
  }
  if (message.do !== "prepare" || !("limits" in message)) throw malformed();
  const given = new Map(Object.entries(message.limits ?? {}));
  const limit = (name: (typeof limitNames)[number]) => {
    const value: unknown = given.get(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) throw malformed();
    return value;
  };
  return {
    do: "prepare",
    layer: "layer" in message ? parseLayer(message.layer) : null,
    limits: {
      cpuMillis: limit("cpuMillis"),
      memoryBytes: limit("memoryBytes"),
      processesMax: limit("processesMax"),
      openFilesMax: limit("openFilesMax"),
      fileBytesMax: limit("fileBytesMax"),
      workspaceBytes: limit("workspaceBytes"),
      workspaceInodesMax: limit("workspaceInodesMax"),
      tmpBytes: limit("tmpBytes"),
    },
  };
}

function parseLayer(layer: unknown): PreparedLayer {
  if (layer === null) return null;
  if (typeof layer !== "object" || !("use" in layer)) throw malformed();
  if (layer.use === "build") return { use: "build" };
  const sizeBytes = "sizeBytes" in layer ? layer.sizeBytes : null;
  const isSize = typeof sizeBytes === "number" && Number.isSafeInteger(sizeBytes) && sizeBytes > 0;
  if (layer.use !== "mount" || !isSize) throw malformed();
  return { use: "mount", sizeBytes };
}

function malformed(): Error {
  return new Fault("The supervisor's request is malformed.");
}
