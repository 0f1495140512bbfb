import { writeSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import type { CommandSpec } from "./command-spec.ts";
import { commandSpecs, globalOptions, groups } from "./tree.ts";

export interface Invocation {
  readonly path: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}
type Invoke = (invocation: Invocation) => Promise<void>;

const helpColumns = 80;

const footer = `
Exit codes: 0 done, 1 failed, 2 cancelled, 4 not logged in.
PADDOCK_API_KEY and PADDOCK_API_URL are used before the stored login.`;

/** The command tree. Each command calls `invoke`, so that its code is loaded when it runs. */
export function buildProgram(invoke: Invoke): Command {
  const program = new Command("paddock")
    .description("Runs AI agents in fenced containers, through the API of a Paddock deployment.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      getOutHelpWidth: () => helpColumns,
      getOutHasColors: () => false,
    })
    .showHelpAfterError("(--help says what there is)")
    .addHelpText("after", footer);
  addOptions(program, globalOptions);
  const parents = new Map<string, Command>();
  for (const spec of commandSpecs) {
    const words = spec.path.split(" ");
    const name = words.at(-1) ?? "";
    const parent = words.length === 1 ? program : groupOf(program, parents, words[0] ?? "");
    addCommand(parent.command(name), spec, invoke);
  }
  return program;
}

/** Written without a stream, which takes a third of the time that help takes. */
function writeHelp(text: string): void {
  try {
    writeSync(1, text);
  } catch (error) {
    // The reader has gone, or the pipe is full, for which streams wait.
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") process.stdout.write(text);
  }
}

function groupOf(program: Command, parents: Map<string, Command>, name: string): Command {
  const known = parents.get(name);
  if (known) return known;
  const made = program.command(name).description(groups[name] ?? "");
  parents.set(name, made);
  return made;
}

function addCommand(command: Command, spec: CommandSpec, invoke: Invoke): void {
  command.description(spec.summary);
  for (const [name, summary] of spec.args ?? []) command.argument(name, summary);
  addOptions(command, spec.options ?? []);
  // A value on the command line would be in the shell's history, so it gets a sentence of its own.
  if (spec.path === "secrets set") command.allowExcessArguments();
  command.action(async () => {
    await invoke({ path: spec.path, args: command.args, options: command.optsWithGlobals() });
  });
}

function addOptions(command: Command, options: typeof globalOptions): void {
  for (const [flags, summary, repeatable] of options) {
    const option = new Option(flags, repeatable ? `${summary}; may be repeated` : summary);
    if (repeatable) option.argParser(addValue);
    else option.argParser(takeOnce);
    command.addOption(option);
  }
}

function addValue(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Without this, the last of two values would be kept, and the other dropped without a word. */
function takeOnce(value: string, earlier: string | undefined): string {
  if (earlier !== undefined) throw new InvalidArgumentError("It is given twice.");
  return value;
}
