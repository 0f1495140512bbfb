import type * as z from "zod";
import { assert } from "../core/assert.ts";
import { idSchema } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Snapshot } from "../store/documents.ts";
import type { environments } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { DefaultEnvironment } from "./default-environment.ts";

/**
 * What an id in a body names; null if there is none. An id that isn't the owner's is answered like
 * one that doesn't exist, as in the path.
 * @throws {ApiError} `NOT_FOUND`, naming the field.
 */
export async function existing<S extends z.ZodType<object>>(
  kind: "agent" | "environment",
  id: string | null | undefined,
  get: (id: string) => Promise<Snapshot<S>>,
  field: string = `${kind}Id`,
): Promise<FoundDocument<S> | null> {
  if (id === null || id === undefined) return null;
  const found = idSchema(kind).safeParse(id).success ? await get(id) : null;
  if (found?.version) return found;
  const details = [{ field, message: `names no ${kind} of yours` }];
  throw new ApiError("NOT_FOUND", { message: `You have no such ${kind}.`, details });
}

/** The environment that a body names, in the form in which the default one is found. */
export async function existingEnvironment(
  id: string,
  get: (id: string) => Promise<Snapshot<typeof environments.schema>>,
  field?: string,
): Promise<DefaultEnvironment> {
  const found = await existing("environment", id, get, field);
  assert(found, "an id was given");
  return { environment: found.value, writes: [] };
}
