/** Runs the wanted script under Node 24 in its place: passes signals on, and its exit code back. */
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { findJava } from "./system-tools.mjs";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

export function handOver({ root, node, script, args }) {
  // The sealing library tries a method of Web Crypto that Node calls experimental, and who types a
  // command can't do anything about it.
  const quiet = "--disable-warning=ExperimentalWarning";
  const child = spawn(node, [quiet, join(root, script), ...args], {
    cwd: root,
    env: childEnvironment(node),
    stdio: "inherit",
  });
  for (const signal of forwarded) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole foreground group, so the child has it already.
      const fromTerminal = process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT");
      if (!fromTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`${node} can't be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    for (const name of forwarded) process.removeAllListeners(name);
    if (signal) process.kill(process.pid, signal);
    process.exitCode = code ?? 1;
  });
}

/** Programs that the script starts find the same Node, and a recent Java. */
function childEnvironment(node) {
  const java = findJava();
  const folders = [dirname(node), ...(java ? [dirname(java.path)] : [])];
  return { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter) };
}
