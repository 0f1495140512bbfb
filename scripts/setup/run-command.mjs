/** Runs a program and keeps the end of its output, to say why it failed. */
import { spawn } from "node:child_process";

const keptBytesMax = 64 * 1024;

/** @returns {Promise<{ code: number, output: string }>} `code` is 127 if it couldn't be started. */
export function runCommand(command, args, { environment = process.env, cwd } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-keptBytesMax);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: String(error.message) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The first informative lines, indented below a step. */
export function excerpt(output, count = 12) {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)\s?/, "").trimEnd())
    .filter((line) => line !== "");
  return lines
    .slice(0, count)
    .map((line) => `      ${line}`)
    .join("\n");
}
