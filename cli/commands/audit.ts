import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { lost } from "../api-client.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exits } from "../exits.ts";
import { repositoryRoot } from "../repository-root.ts";

export async function exportAudit(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output, signal } = context;
  const file = context.arg(0);
  const { body } = await client.send("/audit/export", { signal, isStream: true });
  if (!body) return;
  if (file === "-") {
    for await (const chunk of body) await output.bytes(chunk);
    return;
  }
  // Only the owner may read a trail that others could have written into.
  const target = createWriteStream(file, { mode: 0o600 });
  await pipeline(Readable.fromWeb(body), target).catch((error: unknown) => {
    throw target.errored ?? lost(client.apiUrl, error);
  });
  output.done(`${file}: paddock audit verify ${file} --key KEY`);
}

/** The verifier is a program of its own, which auditors run without this one. */
export async function verifyAudit(context: Context): Promise<ExitCode> {
  const { options } = context;
  const repeated = ["key", "evidence-key", "witness"].flatMap((name) =>
    (options.texts(camel(name)) ?? []).flatMap((value) => [`--${name}`, value]),
  );
  const single = ["earlier", "later"].flatMap((name) => {
    const value = options.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const verifier = join(repositoryRoot(), "audit", "main.ts");
  const args = [verifier, ...repeated, ...single, "--", ...context.args];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code === 0 ? exits.ok : exits.failed;
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
