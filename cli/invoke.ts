/** Loads the code of one command, runs it, and turns what it throws into a sentence. */
import type { Context as CommandContext } from "./context.ts";
import { Context } from "./context.ts";
import { CommandError, type ExitCode, exits } from "./exits.ts";
import type { Invocation } from "./program.ts";
import { withProgress } from "./progress.ts";
import { harmlessLine } from "./terminal-text.ts";

type Command = (context: CommandContext) => Promise<ExitCode | undefined>;

const cleaningMs = 500;
/** These show what they wait for themselves, or ask something. */
const showsItself =
  /^(run|exec|logs|login|audit verify|files cp|completion|secrets set|.* rm|keys|orchestrations (run|watch)$|triggers rotate-secret)/;

const automation: Readonly<Record<string, () => Promise<Command>>> = {
  "schedules list": async () => (await import("./commands/schedules.ts")).listSchedules,
  "schedules get": async () => (await import("./commands/schedules.ts")).getSchedule,
  "schedules create": async () => (await import("./commands/schedules.ts")).createSchedule,
  "schedules edit": async () => (await import("./commands/schedules.ts")).editSchedule,
  "schedules run": async () => (await import("./commands/schedules.ts")).runSchedule,
  "schedules runs": async () => (await import("./commands/schedules.ts")).listScheduleRuns,
  "schedules pause": async () => (await import("./commands/schedules.ts")).pauseSchedules,
  "schedules resume": async () => (await import("./commands/schedules.ts")).resumeSchedules,
  "schedules rm": async () => (await import("./commands/schedules.ts")).removeSchedules,
  "triggers list": async () => (await import("./commands/triggers.ts")).listTriggers,
  "triggers get": async () => (await import("./commands/triggers.ts")).getTrigger,
  "triggers create": async () => (await import("./commands/triggers.ts")).createTrigger,
  "triggers edit": async () => (await import("./commands/triggers.ts")).editTrigger,
  "triggers test": async () => (await import("./commands/triggers.ts")).testTrigger,
  "triggers runs": async () => (await import("./commands/triggers.ts")).listTriggerRuns,
  "triggers rotate-secret": async () => (await import("./commands/triggers.ts")).rotateSecret,
  "triggers pause": async () => (await import("./commands/triggers.ts")).pauseTriggers,
  "triggers resume": async () => (await import("./commands/triggers.ts")).resumeTriggers,
  "triggers rm": async () => (await import("./commands/triggers.ts")).removeTriggers,
  "orchestrations list": async () => (await import("./commands/orchestrations.ts")).list,
  "orchestrations get": async () => (await import("./commands/orchestrations.ts")).get,
  "orchestrations create": async () => (await import("./commands/orchestrations.ts")).create,
  "orchestrations edit": async () => (await import("./commands/orchestrations.ts")).edit,
  "orchestrations archive": async () => (await import("./commands/orchestrations.ts")).archive,
  "orchestrations unarchive": async () => (await import("./commands/orchestrations.ts")).unarchive,
  "orchestrations rm": async () => (await import("./commands/orchestrations.ts")).remove,
  "orchestrations run": async () => (await import("./commands/orchestration-runs.ts")).run,
  "orchestrations watch": async () => (await import("./commands/orchestration-runs.ts")).watch,
  "orchestrations runs": async () => (await import("./commands/orchestration-runs.ts")).listRuns,
};

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  exec: async () => (await import("./commands/run.ts")).exec,
  logs: async () => (await import("./commands/logs.ts")).logs,
  "threads list": async () => (await import("./commands/threads.ts")).listThreads,
  "threads get": async () => (await import("./commands/threads.ts")).getThread,
  "threads rm": async () => (await import("./commands/threads.ts")).removeThreads,
  "envs list": async () => (await import("./commands/envs.ts")).listEnvironments,
  "envs create": async () => (await import("./commands/envs.ts")).createEnvironment,
  "envs get": async () => (await import("./commands/envs.ts")).getEnvironment,
  "envs rm": async () => (await import("./commands/envs.ts")).removeEnvironments,
  "secrets set": async () => (await import("./commands/secrets.ts")).setSecret,
  "secrets list": async () => (await import("./commands/secrets.ts")).listSecrets,
  "secrets rm": async () => (await import("./commands/secrets.ts")).removeSecrets,
  "files cp": async () => (await import("./commands/copy-files.ts")).copyFile,
  "files ls": async () => (await import("./commands/files.ts")).listFiles,
  "files rm": async () => (await import("./commands/files.ts")).removeFiles,
  login: async () => (await import("./commands/login.ts")).login,
  logout: async () => (await import("./commands/login.ts")).logout,
  whoami: async () => (await import("./commands/login.ts")).whoami,
  budget: async () => (await import("./commands/budget.ts")).budget,
  "keys list": async () => (await import("./commands/keys.ts")).listKeys,
  "keys create": async () => (await import("./commands/keys.ts")).createKey,
  "keys revoke": async () => (await import("./commands/keys.ts")).revokeKeys,
  "keys rotate": async () => (await import("./commands/keys.ts")).rotateKey,
  "audit export": async () => (await import("./commands/audit.ts")).exportAudit,
  "audit verify": async () => (await import("./commands/audit.ts")).verifyAudit,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  ...automation,
  completion: async () => (await import("./commands/completion.ts")).completion,
};

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader such as `head` that has seen enough isn't a failure.
    process.exit(error.code === "EPIPE" ? (process.exitCode ?? exits.ok) : exits.failed);
  });
}

/** What nothing handles is said in a sentence as well. */
process.on("uncaughtException", (error) => {
  process.stderr.write(`✗ ${harmlessLine(sentenceOf(error))}\n`);
  process.exit(exits.failed);
});

/** @returns The exit code; whatever went wrong has been said on stderr. */
export async function invoke(invocation: Invocation): Promise<ExitCode> {
  const interrupted = new AbortController();
  const interrupt = () => {
    interrupted.abort();
    process.exitCode = exits.cancelled;
    // What is cleaned up takes less; anything else that is still open is left.
    setTimeout(() => process.exit(exits.cancelled), cleaningMs).unref();
  };
  const context = new Context(invocation, interrupted.signal);
  const { path } = invocation;
  if (!/^(run|exec)$/.test(path)) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  }
  try {
    const command = await commands[path]?.();
    if (!command) throw new CommandError(`There is no command ${path}.`);
    const task = command(context);
    const result = showsItself.test(path) ? await task : await withProgress("Waiting", task);
    return interrupted.signal.aborted ? exits.cancelled : (result ?? exits.ok);
  } catch (error) {
    if (interrupted.signal.aborted) return exits.cancelled;
    context.output.failure(sentenceOf(error));
    return error instanceof CommandError ? error.exitCode : exits.failed;
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  if (!(error instanceof Error)) return "Something failed.";
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) return `${path}: ${fileFaults[code] ?? code}.`;
  return `Something failed that this command doesn't expect: ${error.message}`;
}

const fileFaults: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "it may not be accessed",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path isn't a folder",
  ENOSPC: "the disk is full",
};
