/** Runs short-lived system helpers to their end. */
import { spawn } from "node:child_process";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";

const timeoutMs = 20_000;
const outputTailLengthMax = 500;

/** @throws {Error} With the program's output if it fails. */
export function run(command: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Successful output isn't needed, and a pipe for it would cost as much as the program.
    const child = spawn(command, parameters, {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: timeoutMs,
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-outputTailLengthMax);
    });
    child.once("error", (failed) => {
      reject(new Fault(`${command}: ${describeError(failed)}`));
    });
    child.once("close", (code, signal) => {
      if (code === 0) return resolve();
      reject(new Fault(`${command}: ${said.trim() || `ended with ${code ?? signal}`}`));
    });
  });
}
