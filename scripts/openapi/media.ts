/** What bodies are made of where the route's declaration says only that they are bytes. */
import type * as z from "zod";
import { BuildTested } from "#shared/contract/build";
import { MessageAnswer } from "#shared/contract/execution";
import type { JsonSchema } from "./schemas.ts";

interface Media {
  readonly type: string;
  readonly schema: JsonSchema;
}

const text = { type: "string" };
const bytes = { type: "string", contentMediaType: "application/octet-stream" };

const answers: Readonly<Record<string, Media>> = {
  downloadFile: { type: "application/octet-stream", schema: bytes },
  downloadArchive: { type: "application/zip", schema: bytes },
  exportTrail: { type: "application/x-ndjson", schema: text },
  getSecurityTxt: { type: "text/plain", schema: text },
  getReference: { type: "text/html", schema: text },
  getReferenceStyle: { type: "text/css", schema: text },
  getReferenceSearch: { type: "text/javascript", schema: text },
  getOpenapi: { type: "application/json", schema: { type: "object" } },
};

/** @throws for a route of bytes whose media type isn't listed here. */
export function mediaOfBytes(operationId: string): Media {
  return listed(answers, operationId);
}

/** What streams are instead for a client that asks for one answer at the end. */
export const answersAtEnd: Readonly<Record<string, z.ZodType>> = {
  sendMessage: MessageAnswer,
  testBuild: BuildTested,
};

/** Lists that `Accept: application/x-ndjson` turns into lines. */
export const asLines: ReadonlySet<string> = new Set(["listRows"]);

const uploads: Readonly<Record<string, Media>> = {
  receiveWebhook: { type: "*/*", schema: { type: "object" } },
  uploadFile: {
    type: "multipart/form-data",
    schema: {
      type: "object",
      required: ["file"],
      properties: {
        file: {
          ...bytes,
          description: "One file, of at most 24 MiB; larger ones take POST …/uploads.",
        },
        path: {
          ...text,
          description: "Where it lands: a folder, or the whole path if it ends in the file's name.",
        },
      },
    },
  },
};

/** @throws for a route of raw bytes whose media type isn't listed here. */
export function mediaOfUpload(operationId: string): Media {
  return listed(uploads, operationId);
}

function listed(table: Readonly<Record<string, Media>>, operationId: string): Media {
  const media = table[operationId];
  if (!media)
    throw new Error(`scripts/openapi/media.ts doesn't say what ${operationId} is made of`);
  return media;
}
