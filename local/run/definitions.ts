import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";
import * as z from "zod";

/** `google.protobuf.Any`. */
export interface Packed {
  readonly type_url: string;
  readonly value: Buffer;
}

export interface Definitions {
  service(name: string): ServiceDefinition;
  pack(type: string, message: object): Packed;
}

/** Reads the descriptors that the official clients ship, so both sides use one source. */
export function loadDefinitions(): Definitions {
  const require = createRequire(import.meta.url);
  const run = dirname(require.resolve("@google-cloud/run/package.json"));
  // Its exports map names neither package.json nor the descriptors.
  const gax = dirname(require.resolve("google-gax"));
  const files = [join(run, "build/protos/protos.json"), join(gax, "../protos/operations.json")];
  // No defaults, so that a field that the caller left out stays undefined.
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
