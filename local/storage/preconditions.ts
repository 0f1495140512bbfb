/** Checks a request's `if…Match` conditions against what exists. */
import { HttpError } from "../lib/http.ts";
import type { StoredObject } from "./model.ts";

export interface Preconditions {
  readonly generationMatch: string | null;
  readonly generationNotMatch: string | null;
  readonly metagenerationMatch: string | null;
  readonly metagenerationNotMatch: string | null;
}

/** @param prefix `ifSource` for the object that a copy reads. @throws {HttpError} 400. */
export function readPreconditions(url: URL, prefix: "if" | "ifSource" = "if"): Preconditions {
  const read = (name: string) => {
    const value = url.searchParams.get(`${prefix}${name}`);
    if (value !== null && !/^\d{1,19}$/.test(value)) {
      throw new HttpError(400, "invalid", `${prefix}${name} isn't a number.`);
    }
    return value;
  };
  return {
    generationMatch: read("GenerationMatch"),
    generationNotMatch: read("GenerationNotMatch"),
    metagenerationMatch: read("MetagenerationMatch"),
    metagenerationNotMatch: read("MetagenerationNotMatch"),
  };
}

/**
 * Generation 0 stands for an object that doesn't exist.
 *
 * @param intent a read answers 304 if the caller's version is current; a write answers 412.
 * @throws {HttpError} 412, 304.
 */
export function checkPreconditions(
  conditions: Preconditions,
  current: StoredObject | undefined,
  intent: "read" | "write",
): void {
  const generation = current?.generation ?? "0";
  const metageneration = String(current?.metageneration ?? 0);
  const { generationMatch, generationNotMatch, metagenerationMatch } = conditions;
  const matches =
    (generationMatch ?? generation) === generation &&
    (metagenerationMatch ?? metageneration) === metageneration;
  if (!matches) throw conditionNotMet(412);
  const differs =
    generationNotMatch !== generation && conditions.metagenerationNotMatch !== metageneration;
  if (!differs) throw conditionNotMet(intent === "read" && current ? 304 : 412);
}

function conditionNotMet(status: 304 | 412): HttpError {
  const message = "At least one of the pre-conditions you specified did not hold.";
  return new HttpError(status, "conditionNotMet", message);
}
