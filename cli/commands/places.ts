import { CommandError } from "../exits.ts";

/** A file of this machine, or of an environment. */
export type Place =
  | { readonly kind: "local"; readonly path: string }
  | {
      readonly kind: "remote";
      /** Undefined for the default one. */
      readonly environment: string | undefined;
      readonly path: string;
    };

/**
 * `ENV:PATH` is in an environment, and `:PATH` in the default one. A `/` before the colon makes it
 * a local path, as for scp.
 */
export function placeFrom(text: string): Place {
  const [, named, path] = /^([^/:]*):(.*)$/s.exec(text) ?? [];
  if (named === undefined || path === undefined) return { kind: "local", path: text };
  const environment = named === "" ? undefined : named;
  return { kind: "remote", environment, path: path.replace(/^\/+/, "") };
}

/** @throws {CommandError} for a local path. */
export function remotePlaceFrom(text: string): Extract<Place, { kind: "remote" }> {
  const place = placeFrom(text);
  if (place.kind === "remote") return place;
  throw new CommandError(`"${text}" is a local path: files of an environment are ENV:PATH.`);
}

/** A path for a URL, each of its segments encoded. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
