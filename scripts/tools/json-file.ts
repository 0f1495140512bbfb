import { readFile } from "node:fs/promises";
import * as z from "zod";

/** The object in a file that an option names; a mistake is said in one sentence, with the file. */
export async function readJsonObject(
  option: string,
  file: string,
): Promise<Record<string, unknown>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`${option} ${file}: there is no file to read there.`, { cause });
  });
  const object = z.record(z.string(), z.unknown()).safeParse(parsed(text));
  if (!object.success) throw new Error(`${option} ${file}: what is in it isn't a JSON object.`);
  return object.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
