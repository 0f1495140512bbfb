/** A gRPC server on loopback, made from the descriptors that the official clients ship. */
import type { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import * as z from "zod";
import { listenOnLoopback } from "./listen.ts";
import { isOwnPeer } from "./own-peers.ts";

/** A refusal with a gRPC status; any other exception of a handler is answered as `INTERNAL`. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalid = (message: string) => new RpcError(status.INVALID_ARGUMENT, message);
export const notFound = (message: string) => new RpcError(status.NOT_FOUND, message);
export const alreadyExists = (message: string) => new RpcError(status.ALREADY_EXISTS, message);
export const failedPrecondition = (message: string) =>
  new RpcError(status.FAILED_PRECONDITION, message);
/** A feature of the service that its local server lacks; it is refused, never silently accepted. */
export const notOffered = (what: string) =>
  new RpcError(status.UNIMPLEMENTED, `${what} isn't offered locally.`);

const Descriptor = z.object({ nested: z.record(z.string(), z.any()) });

/**
 * Reads one service's definition. A field that the caller left out is `undefined` in a request.
 *
 * @param client package of a client; its descriptor is in `build/protos`, which its exports map may
 * not name.
 */
export function loadService(
  client: string,
  name: string,
  descriptor = "protos.json",
): ServiceDefinition {
  const about = findPackageJSON(client, import.meta.url);
  if (about === undefined) throw new Error(`${client} isn't installed.`);
  const path = join(dirname(about), "build/protos", descriptor);
  const json = Descriptor.parse(JSON.parse(readFileSync(path, "utf8")));
  const options = { longs: Number, enums: String, defaults: false };
  const definition = fromJSON(json, options)[name];
  if (!definition || "format" in definition) throw new Error(`${name} is no service.`);
  return definition as ServiceDefinition;
}

/** Aborted once the client of a call has gone. */
export function goneSignal(call: EventEmitter): AbortSignal {
  const gone = new AbortController();
  call.once("cancelled", () => gone.abort());
  return gone.signal;
}

export type UnaryHandler = (
  call: ServerUnaryCall<unknown, unknown>,
  callback: sendUnaryData<unknown>,
) => void;

/**
 * A unary method: the request is validated with `schema`, and a thrown `RpcError` is its status.
 */
export function unary<S extends z.ZodType>(
  schema: S,
  handle: (request: z.output<S>) => object | Promise<object>,
): UnaryHandler {
  return (call, callback) => {
    const request = schema.safeParse(call.request);
    if (!request.success) {
      callback({ code: status.INVALID_ARGUMENT, details: z.prettifyError(request.error) });
      return;
    }
    Promise.resolve()
      .then(() => handle(request.data))
      .then((reply) => callback(null, reply))
      .catch((failure: unknown) => callback(statusOf(failure)));
  };
}

function statusOf(failure: unknown): { code: status; details: string } {
  if (failure instanceof RpcError) return { code: failure.code, details: failure.message };
  console.error("local cloud:", failure);
  return { code: status.INTERNAL, details: "Internal error." };
}

export interface GrpcServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The services' own limit for a message. */
const messageBytesMax = 16 * 1024 * 1024;

/** Serves on loopback; `port` 0 takes a free one. Methods without a handler are UNIMPLEMENTED. */
export async function startGrpcServer(
  definition: ServiceDefinition,
  handlers: UntypedServiceImplementation,
  port = 0,
): Promise<GrpcServer> {
  const server = new Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
  });
  server.addService(definition, handlers);
  return await serve(server, port);
}

/** Serves this cloud's own user: the machine's other users and what they run get no answer. */
export async function serve(server: Server, port: number): Promise<GrpcServer> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void isOwnPeer(socket).then((isOwn) => {
      if (isOwn && listener.listening) injector.injectConnection(socket);
      else socket.destroy();
    });
  });
  return {
    port: await listenOnLoopback(listener, port),
    close: async () => {
      listener.close();
      server.forceShutdown();
    },
  };
}
