import * as z from "zod";
import { HttpError } from "../lib/http.ts";

/** Validates a JSON body. @throws {HttpError} 400; 501 for an unsupported field. */
export function parseBody<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HttpError(400, "parseError", "The body isn't JSON.");
  }
  const body = schema.safeParse(json);
  if (body.success) return body.data;
  const unknown = body.error.issues.some(({ code }) => code === "unrecognized_keys");
  const what = z.prettifyError(body.error);
  throw new HttpError(unknown ? 501 : 400, unknown ? "notImplemented" : "invalid", what);
}
