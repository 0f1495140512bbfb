import type { IncomingMessage } from "node:http";
import { Busboy } from "@fastify/busboy";
import { ApiError } from "#shared/errors/api-error";
import { packBytesMax } from "#shared/protocol/runner";

export interface Upload {
  readonly filename: string;
  readonly bytes: Buffer;
  /** Of the form field `path`, which may come after the file; empty if there is none. */
  readonly path: string;
}

export const uploadBytesMax = packBytesMax;
const fieldBytesMax = 4_096;

/** A request's body can be read once, a decision be repeated. */
const uploads = new WeakMap<IncomingMessage, Promise<Upload>>();

/** @throws {ApiError} `UNSUPPORTED_MEDIA_TYPE`, `MALFORMED_MULTIPART`, `PAYLOAD_TOO_LARGE`. */
export function readUpload(request: IncomingMessage): Promise<Upload> {
  const known = uploads.get(request);
  if (known) return known;
  const upload = parse(request);
  uploads.set(request, upload);
  return upload;
}

async function parse(request: IncomingMessage): Promise<Upload> {
  const contentType = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(contentType)) {
    const message = "Send the file as multipart/form-data with a part called file.";
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", { message });
  }
  return await new Promise((resolve, reject) => {
    const form = new Busboy({
      headers: { "content-type": contentType },
      limits: {
        fileSize: uploadBytesMax + 1,
        files: 1,
        fields: 10,
        fieldSize: fieldBytesMax,
        parts: 20,
      },
    });
    const fail = (error: ApiError) => {
      request.unpipe(form);
      reject(error);
    };
    let file: Omit<Upload, "path"> | null = null;
    let path = "";
    form.on("file", (_name, stream, filename) => {
      const chunks: Buffer[] = [];
      let total = 0;
      stream.on("data", (chunk: Buffer) => {
        total += chunk.length;
        if (total > uploadBytesMax) fail(tooLarge());
        else chunks.push(chunk);
      });
      stream.on("end", () => {
        file = { filename: filename ?? "", bytes: Buffer.concat(chunks) };
      });
    });
    form.on("field", (name, value) => {
      if (name === "path") path = value;
    });
    form.on("error", (cause) => fail(new ApiError("MALFORMED_MULTIPART", { cause })));
    request.on("aborted", () => fail(new ApiError("MALFORMED_MULTIPART", { cause: "aborted" })));
    form.on("finish", () => {
      if (file) resolve({ ...file, path });
      else
        fail(new ApiError("MALFORMED_MULTIPART", { message: "The form has no part called file." }));
    });
    request.pipe(form);
  });
}

function tooLarge(): ApiError {
  const message = `An upload holds at most ${uploadBytesMax} bytes.`;
  return new ApiError("PAYLOAD_TOO_LARGE", { message });
}
