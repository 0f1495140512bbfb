import type { IncomingMessage } from "node:http";
import { Busboy } from "@fastify/busboy";
import { ApiError } from "#shared/errors/api-error";
import { packBytesMax } from "#shared/protocol/runner";
import { OncePerRequest } from "./once-per-request.ts";

export interface Upload {
  readonly filename: string;
  readonly bytes: Buffer;
  /** The form field `path`, which may come after the file; empty if there is none. */
  readonly path: string;
  /** The names of other fields, of which nothing is made. */
  readonly ignored: readonly string[];
}

const fieldBytesMax = 4_096;
/** A body whose sender falls silent is given up; the server's own limit bounds all of it. */
const unclosed = "The form ends before its closing boundary.";
/** Bytes that aren't UTF-8 are decoded to this, which would change the name. */
const undecodable = "\ufffd";
const notUnicode = "The file's name and path must be valid UTF-8.";

/** Bytes as they are. The parser decodes no other transfer encoding, so it would be stored. */
const plain: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);
const isEncoded =
  "The form's parts must have no Content-Transfer-Encoding: send their bytes as they are.";

/** A request's body can be read only once. */
const uploads = new OncePerRequest<Upload>();

/**
 * @param silentMs How long the sender may send nothing while bytes are missing.
 * @throws {ApiError} `UNSUPPORTED_MEDIA_TYPE`, `MALFORMED_MULTIPART`, `PAYLOAD_TOO_LARGE`,
 * `REQUEST_TIMEOUT`.
 */
export async function readUpload(request: IncomingMessage, silentMs: number): Promise<Upload> {
  return await uploads.do(request, async () => await parse(request, silentMs));
}

async function parse(request: IncomingMessage, silentMs: number): Promise<Upload> {
  const contentType = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(contentType)) {
    const message = "Send the file as multipart/form-data with a part called file.";
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", { message });
  }
  const form = newForm(contentType);
  let silent: NodeJS.Timeout | undefined;
  const read = new Promise<Upload>((resolve, reject) => {
    const fail = (error: ApiError) => {
      request.unpipe(form);
      reject(error);
    };
    silent = setTimeout(() => fail(fellSilent(silentMs)), silentMs).unref();
    request.on("data", () => silent?.refresh());
    // The parser's own message may quote the form.
    const malformed = (message?: string) =>
      fail(new ApiError("MALFORMED_MULTIPART", message === undefined ? {} : { message }));
    let file: Pick<Upload, "filename" | "bytes"> | null = null;
    let path: string | null = null;
    const ignored: string[] = [];
    form.on("file", (_name, stream, filename, encoding) => {
      if (!plain.has(encoding)) malformed(isEncoded);
      // Chunks that wait to be joined would be in memory twice.
      const room = roomFor(request);
      let total = 0;
      stream.on("data", (chunk: Buffer) => {
        if (total + chunk.length > packBytesMax) return fail(tooLarge());
        total += chunk.copy(room, total);
      });
      // The parser reports a missing closing boundary on the part's stream only.
      stream.on("error", () => malformed(unclosed));
      stream.on("end", () => {
        file = { filename: filename ?? "", bytes: room.subarray(0, total) };
      });
    });
    form.on("field", (name, value, _nameIsCut, isCut, encoding) => {
      if (name !== "path") return void ignored.push(name);
      if (!plain.has(encoding)) malformed(isEncoded);
      if (path !== null) malformed("The form has more than one field called path.");
      if (isCut) malformed(`The field path is longer than ${fieldBytesMax} bytes.`);
      path = value;
    });
    // The parser drops what exceeds a limit, and the upload would look complete.
    form.on("filesLimit", () => malformed("The form has more than one file; upload each alone."));
    for (const limit of ["fieldsLimit", "partsLimit"]) {
      form.on(limit, () => malformed("The form has too many fields."));
    }
    form.on("error", () => malformed());
    request.on("aborted", () => malformed());
    form.on("finish", () => {
      if (!file) return malformed("The form has no part called file.");
      if (`${file.filename}${path}`.includes(undecodable)) return malformed(notUnicode);
      resolve({ ...file, path: path ?? "", ignored });
    });
    request.pipe(form);
  });
  return await read.finally(() => clearTimeout(silent));
}

/** Holds any file of the form. What isn't filled takes no memory, whatever a sender announces. */
function roomFor({ headers }: IncomingMessage): Buffer {
  const announced = Number(headers["content-length"] ?? packBytesMax);
  return Buffer.allocUnsafeSlow(Math.min(announced, packBytesMax));
}

function fellSilent(silentMs: number): ApiError {
  const seconds = Math.round(silentMs / 1_000);
  const message = `The form's sender sent nothing for ${seconds} seconds; large files take POST …/uploads.`;
  return new ApiError("REQUEST_TIMEOUT", { message });
}

/** The parser throws for a missing or invalid boundary. */
function newForm(contentType: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      // Without this, the parser would take text before a backslash for a folder.
      preservePath: true,
      limits: {
        fileSize: packBytesMax + 1,
        files: 1,
        fields: 10,
        fieldSize: fieldBytesMax,
        parts: 20,
      },
    });
  } catch {
    const message = "The Content-Type states no boundary of 1 to 70 characters (RFC 2046, 5.1.1).";
    throw new ApiError("MALFORMED_MULTIPART", { message });
  }
}

function tooLarge(): ApiError {
  const message = `An upload holds at most ${packBytesMax} bytes.`;
  return new ApiError("PAYLOAD_TOO_LARGE", { message });
}
