/** What is asked at a terminal, and read from stdin without one. */
import { isUtf8 } from "node:buffer";
import { CommandError, exits } from "./exits.ts";

/** A key, or the largest secret, has far less. */
const stdinBytesMax = 1024 * 1024;

const isTerminal = () => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** @throws {CommandError} unless the user agrees, or has done so with `--yes`. */
export async function confirm(question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  if (!isTerminal()) {
    throw new CommandError(`${question} Say so with --yes: there is no terminal to ask at.`);
  }
  const { confirm: ask, isCancel } = await import("@clack/prompts");
  const answer = await ask({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new CommandError("Nothing was done.", exits.cancelled);
}

/** A value that is never shown, and never taken from an argument. */
export async function readHidden(question: string): Promise<string> {
  if (!isTerminal()) return withoutLineEnd(await readStdin());
  const { password, isCancel } = await import("@clack/prompts");
  const answer = await password({ message: question, output: process.stderr });
  if (isCancel(answer)) throw new CommandError("Nothing was done.", exits.cancelled);
  return answer ?? "";
}

/** @returns Null if there is no terminal to ask at. */
export async function askText(question: string, initialValue: string): Promise<string | null> {
  if (!isTerminal()) return null;
  const { text, isCancel } = await import("@clack/prompts");
  const answer = await text({ message: question, initialValue, output: process.stderr });
  if (isCancel(answer)) throw new CommandError("Nothing was done.", exits.cancelled);
  return answer ?? "";
}

/** @throws {CommandError} if it is larger than anything that is read this way, or isn't text. */
export async function readStdin(
  stdin: AsyncIterable<string | Uint8Array> = process.stdin,
): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    total += bytes.length;
    if (total > stdinBytesMax) throw new CommandError("There is more than 1 MiB on stdin.");
    chunks.push(bytes);
  }
  return textIn(Buffer.concat(chunks), "stdin");
}

/** Other bytes would silently become other characters. @throws {CommandError} */
export function textIn(bytes: Uint8Array, where: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString("utf8");
  throw new CommandError(`What is in ${where} isn't text in UTF-8: encode it, such as by base64.`);
}

/** `echo` and most files end with a line feed that isn't part of the value. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
