import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { type ExitCode, exits } from "../exits.ts";
import { repositoryRoot } from "../repository-root.ts";
import { chunksOf, writeWhole } from "../whole-file.ts";

export async function exportAudit(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output, signal } = context;
  const file = context.arg(0);
  const answer = await client.send("/audit/export", { signal, isStream: true });
  const pieces = chunksOf(client, answer);
  if (file === "-") {
    for await (const piece of pieces) await output.bytes(piece);
    return;
  }
  // Only the owner may read a trail that others could have written into.
  await writeWhole(file, pieces, 0o600);
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
