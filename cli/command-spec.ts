/** What a command is, for the command tree; and the options that many commands have. */
type Argument = readonly [name: string, summary: string];
export type OptionSpec = readonly [flags: string, summary: string, repeatable?: "repeatable"];

export interface CommandSpec {
  /** One or two words: the second belongs to a group. */
  readonly path: string;
  readonly summary: string;
  readonly args?: readonly Argument[];
  readonly options?: readonly OptionSpec[];
}

export const yes: OptionSpec = [
  "-y, --yes",
  "don't ask; without a terminal, nothing is destroyed unasked",
];
export const environment: OptionSpec = [
  "-e, --env <env>",
  "an environment's id or name (default: the default one)",
];
export const ofEnvironment: OptionSpec = ["-e, --env <env>", "only those of this environment"];
export const limit: OptionSpec = ["--limit <count>", "how many at most (default: 50)"];
