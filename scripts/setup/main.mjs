/**
 * The front door. Runs on the machine's own Node 20 or newer and without any package: checks what
 * is needed, puts right what it can, names the rest with the command that installs it, then starts
 * the wanted script with Node 24.
 *
 *   node scripts/setup/main.mjs [--skip system|rights] [--quiet] [--dry-run]
 *     [--then scripts/x.ts [args]]
 *
 * A check answers with a Finding: `ready`, `fixable` (and how), or `missing` (and what to do).
 * @typedef {{ update(text: string): void }} Progress
 * @typedef {{ state: "ready", note: string }
 *   | { state: "fixable", doing: string, fix(progress: Progress): Promise<string> }
 *   | { state: "missing", sentences: string[] }} Finding
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.mjs";
import { containerAdvice } from "./container.mjs";
import { handOver } from "./exec-node.mjs";
import { checkFirestoreEmulator } from "./firestore-emulator.mjs";
import { checkPackages, findNode } from "./packages.mjs";
import { checkRights, checkSystemTools } from "./system-tools.mjs";
import { formatDuration, openTerminal } from "./terminal.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const nodeMajorMin = 20;

const options = readArguments(process.argv.slice(2));
const terminal = openTerminal(options);
const startedAt = Date.now();
if (await setUp()) {
  if (options.next) {
    handOver({ root, node: findNode(root), script: options.next, args: options.args });
  }
} else {
  process.exitCode = 1;
}

/** @returns {Promise<boolean>} whether everything needed is there */
async function setUp() {
  const script = process.env.npm_lifecycle_event;
  if (Number(process.versions.node.split(".")[0]) < nodeMajorMin) {
    terminal.missing(
      `Node ${nodeMajorMin} or newer is needed to begin with, and this is ${process.versions.node}: ` +
        "install one from https://nodejs.org.",
    );
    return false;
  }
  if (process.platform !== "linux" && !options.skip.includes("system")) {
    for (const line of containerAdvice({ script })) terminal.line(line);
    return false;
  }
  return apply(findings(script));
}

function findings(script) {
  const packages = ["Packages", checkPackages(root)];
  if (options.skip.includes("system")) return [packages];
  return [
    ["Tools", checkSystemTools()],
    ...(options.skip.includes("rights") ? [] : [["Rights", checkRights({ script })]]),
    packages,
    ["Firestore emulator", checkFirestoreEmulator()],
  ];
}

/** Reports everything that is missing at once, before anything long begins. */
async function apply(steps) {
  const missing = steps.flatMap(([, finding]) => finding.sentences ?? []);
  const fixable = steps.filter(([, finding]) => finding.state === "fixable");
  if (missing.length > 0 || fixable.length > 0) {
    for (const [title, { state, note }] of steps) {
      if (state === "ready") terminal.ready(title, note);
    }
  }
  for (const sentence of missing) terminal.missing(sentence);
  if (options.dryRun) for (const [title, { doing }] of fixable) terminal.planned(title, doing);
  if (missing.length > 0) return false;
  if (options.dryRun && fixable.length > 0) return false;
  for (const [title, finding] of fixable) {
    if (!(await fix(title, finding))) return false;
  }
  terminal.ready("Ready", `in ${formatDuration(Date.now() - startedAt)}`);
  return true;
}

async function fix(title, finding) {
  const progress = terminal.begin(title, finding.doing);
  try {
    progress.done(await finding.fix(progress));
    return true;
  } catch (error) {
    progress.failed();
    terminal.missing(error.message);
    if (error.evidence) terminal.line(terminal.dim(error.evidence));
    return false;
  }
}
