/** Passes one call to the emulator and back, unchanged unless a fault is ordered. */
import { setTimeout as delay } from "node:timers/promises";
import {
  type Client,
  Metadata,
  type ServerDuplexStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import type { Faults, OrderedFault } from "../lib/faults.ts";
import { goneSignal } from "../lib/grpc.ts";
import type { CallCounter } from "./counters.ts";

type Incoming = ServerDuplexStream<Buffer, Buffer>;

export interface Forwarding {
  readonly client: Client;
  readonly counting: CallCounter;
  readonly name: string;
  readonly faults: Faults;
}

interface Connecting extends Forwarding {
  readonly fault: OrderedFault | undefined;
  readonly gone: AbortSignal;
}

export function forward(call: Incoming, forwarding: Forwarding): void {
  const { counting, faults, name } = forwarding;
  const gone = goneSignal(call);
  const fault = faults.take(name);
  const go = () => connect(call, { ...forwarding, fault, gone });
  if (fault?.kind === "unavailable-before") {
    const { grpcCode: code = status.UNAVAILABLE } = fault;
    counting.end(code);
    call.emit("error", { code, details: "Refused before it reached the database." });
    return;
  }
  if (fault?.kind === "delay") {
    void delay(fault.delayMs).then(go);
    return;
  }
  if (fault?.kind === "hold-before") {
    void faults.hold(name, fault, gone).then(go);
    return;
  }
  go();
}

function connect(call: Incoming, connecting: Connecting): void {
  const { client, counting, fault, faults, gone, name } = connecting;
  if (gone.aborted) {
    counting.end(status.CANCELLED);
    return;
  }
  const lost = fault?.kind === "unavailable-after" ? fault : null;
  const metadata = without(call.metadata, ["user-agent"]);
  const options = { deadline: call.getDeadline() };
  const upstream = client.makeBidiStreamRequest(call.getPath(), same, same, metadata, options);
  call.on("data", (message: Buffer) => {
    counting.request(message);
    if (upstream.write(message)) return;
    call.pause();
    upstream.once("drain", () => call.resume());
  });
  call.on("end", () => upstream.end());
  call.on("cancelled", () => upstream.cancel());
  upstream.on("metadata", (headers: Metadata) => call.sendMetadata(without(headers, notRepeated)));
  upstream.on("data", (message: Buffer) => {
    counting.reply(message);
    if (lost || call.write(message)) return;
    upstream.pause();
    call.once("drain", () => upstream.resume());
  });
  // The status says the same, and comes for every call.
  upstream.on("error", () => {});
  const ended = new Promise<void>((resolve) => upstream.once("end", resolve));
  upstream.once("status", (outcome: StatusObject) => {
    // Waits for messages that a slow reader hasn't taken yet.
    void ended.then(() => counting.end(outcome.code));
    const held = fault?.kind === "hold-after" ? faults.hold(name, fault, gone) : ended;
    void Promise.all([ended, held]).then(() => finish(call, lost ? lostReply(lost) : outcome));
  });
}

const same = (bytes: Buffer) => bytes;

/** Headers that the proxy's server writes itself. */
const notRepeated = ["content-type", "date", "grpc-encoding", "grpc-accept-encoding"] as const;

function without(metadata: Metadata, names: readonly string[]): Metadata {
  const rest = metadata.clone();
  for (const name of names) rest.remove(name);
  return rest;
}

function finish(call: Incoming, outcome: StatusObject): void {
  const { code, details } = outcome;
  const metadata = without(outcome.metadata, notRepeated);
  if (code === status.OK) call.end(metadata);
  else call.emit("error", { code, details, metadata });
}

function lostReply({ grpcCode: code = status.UNAVAILABLE }: { readonly grpcCode?: number }) {
  return { code, details: "The database's answer was lost.", metadata: new Metadata() };
}
