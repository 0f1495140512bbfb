import { ApiClient } from "./api-client.ts";
import { CommandOptions } from "./command-options.ts";
import { Output } from "./output.ts";
import type { Origin } from "./refusal-sentences.ts";
import { findLogin, type Login, profileName, profilePath } from "./settings.ts";

/** What a command works with. */
export class Context {
  readonly args: readonly string[];
  readonly options: CommandOptions;
  readonly output: Output;
  /** Aborted when the user interrupts a command that has nothing to cancel first. */
  readonly signal: AbortSignal;
  #client: ApiClient | null = null;

  constructor(
    given: {
      readonly args: readonly string[];
      readonly options: Readonly<Record<string, unknown>>;
    },
    signal: AbortSignal,
  ) {
    this.args = given.args;
    this.options = new CommandOptions(given.options);
    this.output = new Output({ isJson: this.options.flag("json") });
    this.signal = signal;
  }

  /** The argument at that place, which the command tree requires. */
  arg(index: number): string {
    return this.args[index] ?? "";
  }

  get profile(): string {
    return profileName(this.options.text("profile"), process.env);
  }

  get profilePath(): string {
    return profilePath(this.profile, process.env);
  }

  async login(): Promise<Login> {
    return await findLogin(this.profile, process.env);
  }

  /** @throws {CommandError} with exit code 4 if nobody is logged in. */
  async client(): Promise<ApiClient> {
    this.#client ??= this.clientFor(await this.login());
    return this.#client;
  }

  clientFor(origin: Origin): ApiClient {
    return new ApiClient(origin, (text) => this.output.warning(text));
  }
}
