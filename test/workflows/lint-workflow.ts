/** Its test bundles it before running it, because GitHub's reader imports JSON as bundlers do. */
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";

/** What GitHub would find wrong with a workflow, each with its line. */
export async function lintWorkflow(path: string, text: string): Promise<string[]> {
  const faults = await validate(TextDocument.create(`file:///${path}`, "yaml", 1, text));
  return faults.map(({ message, range }) => `${range.start.line + 1}: ${message}`);
}
