/** Reads a command's options: `--help` explains them, and a mistake ends with one sentence. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import colours from "picocolors";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Arguments<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: boolean }>
>;
type Values<O extends Options> = Arguments<O>["values"];

/**
 * @param usage The output of `--help`: what the command does, then a line per option.
 * @returns The values; the process has ended if there is nothing to do.
 */
export function readOptions<const O extends Options>(usage: string, options: O): Values<O> {
  return read(usage, { options, allowPositionals: false }).values;
}

/** Like `readOptions`, for a command that takes words besides its options. */
export function readArguments<const O extends Options>(
  usage: string,
  options: O,
): Arguments<O> & { readonly positionals: readonly string[] } {
  return read(usage, { options, allowPositionals: true });
}

function read<const O extends Options>(
  usage: string,
  accepted: { readonly options: O; readonly allowPositionals: boolean },
): Arguments<O> {
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) {
    console.log(usage.trim());
    process.exit(0);
  }
  try {
    const { tokens, ...given } = parseArgs({ ...accepted, tokens: true });
    refuseRepeated(accepted.options, tokens);
    return given as Arguments<O>;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** An option that takes one value would keep its last one, and drop the others without a word. */
function refuseRepeated(
  options: Options,
  tokens: readonly { kind: string; name?: string }[],
): void {
  const seen = new Set<string>();
  for (const { kind, name = "" } of tokens) {
    if (kind !== "option" || options[name]?.type !== "string" || options[name].multiple) continue;
    if (seen.has(name)) refuse(`--${name} is given twice.`);
    seen.add(name);
  }
}

/** Ends the process: `message` says what to change, and nothing has been done. */
export function refuse(message: string): never {
  console.error(`${colours.red("✗")} ${message} ${colours.dim("--help says what there is.")}`);
  process.exit(2);
}
