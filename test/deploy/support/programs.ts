/** Fake programs on a PATH of their own; those that change things record their calls. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Programs that are really needed. */
const real = ["node", "bash", "sh", "env"];

export interface ProgramOptions {
  /** Null for a machine without Terraform. */
  readonly terraform: string | null;
  readonly gcloud: boolean;
}

/** @returns the folder, which is a deployment's whole PATH. */
export function putPrograms(folder: string, { terraform, gcloud }: ProgramOptions): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const name of real) {
    const found = (process.env.PATH ?? "").split(":").find((path) => existsSync(join(path, name)));
    if (name === "node") symlinkSync(process.execPath, join(bin, name));
    else if (found) symlinkSync(join(found, name), join(bin, name));
  }
  put(bin, "git", {});
  if (terraform !== null) put(bin, "terraform", { VERSION: terraform });
  if (gcloud) put(bin, "gcloud", {});
  return bin;
}

function put(bin: string, name: string, settings: Readonly<Record<string, string>>): void {
  const program = join(import.meta.dirname, `${name}.mjs`);
  const set = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  const lines = ["#!/bin/sh", `exec env ${set.join(" ")} ${process.execPath} ${program} "$@"`];
  writeFileSync(join(bin, name), `${lines.join("\n")}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** How the fake programs were called, one line each. */
export function callsIn(folder: string): readonly string[] {
  const file = join(folder, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}
