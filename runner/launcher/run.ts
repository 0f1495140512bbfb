/** Short-lived helpers of the system, run to their end. */

import { execFile } from "node:child_process";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";

const timeoutMs = 20_000;

/** @throws {Error} With what the program said, when it fails. */
export function run(command: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, { timeout: timeoutMs }, (failed, _stdout, stderr) => {
      if (failed === null) return resolve();
      reject(new Fault(`${command}: ${stderr.trim().slice(-500) || describeError(failed)}`));
    });
  });
}
