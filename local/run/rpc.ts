import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  type Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";
import { z } from "zod";

/** A refusal as a gRPC status. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalid = (message: string) => new RpcError(status.INVALID_ARGUMENT, message);
/** What the service can and this server can't: refused, never silently accepted. */
export const notOffered = (what: string) =>
  new RpcError(status.UNIMPLEMENTED, `${what} isn't offered locally.`);

/** `google.protobuf.Any`. */
export interface Packed {
  readonly type_url: string;
  readonly value: Buffer;
}

export interface Definitions {
  service(name: string): ServiceDefinition;
  pack(type: string, message: object): Packed;
}

/** Reads the descriptors the official clients ship, so both sides speak from one source. */
export function loadDefinitions(): Definitions {
  const require = createRequire(import.meta.url);
  const run = dirname(require.resolve("@google-cloud/run/package.json"));
  // Its exports map names neither package.json nor the descriptors.
  const gax = dirname(require.resolve("google-gax"));
  const files = [join(run, "build/protos/protos.json"), join(gax, "../protos/operations.json")];
  // Without defaults, a field that the caller left out stays undefined.
  const options = { longs: Number, enums: String, defaults: false };
  const loaded = files.map((file) => fromJSON(Descriptor.parse(readJson(file)), options));
  return definitionsOf(Object.assign({}, ...loaded));
}

const Descriptor = z.object({ nested: z.record(z.string(), z.any()) });

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function definitionsOf(all: PackageDefinition): Definitions {
  return {
    service(name) {
      const definition = all[name];
      if (!definition || "format" in definition) throw new Error(`${name} is no service.`);
      return definition as ServiceDefinition;
    },
    pack(type, message) {
      const definition = all[type];
      if (!definition || !("format" in definition) || !("serialize" in definition)) {
        throw new Error(`${type} is no message.`);
      }
      const serialize = definition.serialize as (value: object) => Buffer;
      return { type_url: `type.googleapis.com/${type}`, value: serialize(message) };
    },
  };
}

type Handler = (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => void;

/** A unary method: the request is checked against `schema`, a thrown `RpcError` is its status. */
export function unary<S extends z.ZodType>(
  schema: S,
  handle: (request: z.output<S>) => object | Promise<object>,
): Handler {
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
  console.error("local run:", failure);
  return { code: status.INTERNAL, details: "Internal error." };
}

/** Listens on loopback; resolves with the port. */
export async function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, credentials, (failure, bound) =>
      failure ? reject(failure) : resolve(bound),
    );
  });
}
