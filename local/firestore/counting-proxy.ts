/**
 * A proxy between a function and the emulator. It passes every message on as bytes and counts what
 * Firestore would bill. It is light enough to be always in the path.
 */
import {
  Client,
  credentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { Faults } from "../lib/faults.ts";
import { loadService, startGrpcServer } from "../lib/grpc.ts";
import { type Counters, OperationCounter } from "./counters.ts";
import { forward } from "./forward.ts";

/** The service itself accepts 10 MiB. */
const messageBytesMax = 16 * 1024 * 1024;

export interface CountingProxyOptions {
  /** The emulator's `host:port`. */
  readonly emulatorHost: string;
  readonly port?: number | undefined;
}

export interface CountingProxy {
  readonly port: number;
  /** Faults that tests order for the next calls. */
  readonly faults: Faults;
  /** The counts since the start or the last reset. */
  counters(): Counters;
  reset(): void;
  close(): Promise<void>;
}

/** Read once for all proxies of a process. */
let service: ServiceDefinition | undefined;

/** Starts a proxy on loopback for all of `google.firestore.v1.Firestore`. */
export async function startCountingProxy(options: CountingProxyOptions): Promise<CountingProxy> {
  const client = new Client(options.emulatorHost, credentials.createInsecure(), {
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
    // A machine's settings except 127.0.0.1 alone from its proxy.
    "grpc.enable_http_proxy": 0,
    // Uses a connection of its own; otherwise channels to one address would share it.
    "grpc.use_local_subchannel_pool": 1,
  });
  const counter = new OperationCounter();
  const faults = new Faults();
  service ??= passedThrough(
    loadService("@google-cloud/firestore", "google.firestore.v1.Firestore", "v1.json"),
  );
  const handlers = Object.keys(service).map((name) => {
    const handle = (call: ServerDuplexStream<Buffer, Buffer>) => {
      forward(call, { client, counting: counter.begin(name), name, faults });
    };
    return [name, handle] as const;
  });
  const server = await startGrpcServer(service, Object.fromEntries(handlers), options.port);
  return {
    port: server.port,
    faults,
    counters: () => counter.counters,
    reset: () => counter.reset(),
    async close() {
      await server.close();
      client.close();
    },
  };
}

const same = (bytes: Buffer) => bytes;

/** On the wire a unary call is a stream of one message, so one handler serves them all. */
function passedThrough(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, { path }]) => [
    name,
    {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  ]);
  return Object.fromEntries(methods);
}
