import { assert } from "../core/assert.ts";

/**
 * Characters that programs for archives take for separators, drives or patterns, or that some file
 * system refuses. The percent sign is one of them, so that different paths keep different names.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: file names may have them.
const special = /[%\\:*?"<>|\u0000-\u001f\u007f]/g;

/** What turns the direction of a name around, and what some programs drop at its end. */
const misleading = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[ .](?=\/|$)/g;
/** A ZIP file has 16 bits for the length of a name. */
const nameBytesMax = 65_535;

/**
 * The name in an archive of a file of a workspace.
 * @param path As the workspace has it.
 */
export function fileNameOf(environmentId: string, path: string): string {
  const portable = path.replace(special, percent).replace(misleading, percent);
  const name = `environments/${environmentId}/files/${portable}`;
  assert(Buffer.byteLength(name) <= nameBytesMax, "the name of a file is too long for an archive");
  return name;
}

/** The bytes of a character in UTF-8, each as a percent sign and two digits. */
function percent(character: string): string {
  const hex = Buffer.from(character).toString("hex").toUpperCase();
  return hex.replace(/../g, "%$&");
}
