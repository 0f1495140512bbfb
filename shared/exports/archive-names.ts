/**
 * Characters that programs for archives take for separators, drives or patterns, or that some file
 * system refuses. The percent sign is one of them, so that different paths keep different names.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: file names may have them.
const special = /[%\\:*?"<>|\u0000-\u001f\u007f]/g;

/** The name in an archive of a file of a workspace. @param path As the workspace has it. */
export function fileNameOf(environmentId: string, path: string): string {
  const portable = path.replace(
    special,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `environments/${environmentId}/files/${portable}`;
}
