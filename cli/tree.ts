/** Every command with its arguments and options. Help and completion are both made from this. */
import { automation } from "./automation-tree.ts";
import {
  type CommandSpec,
  environment,
  limit,
  type OptionSpec,
  ofEnvironment,
  yes,
} from "./command-spec.ts";

export const globalOptions: readonly OptionSpec[] = [
  ["--profile <name>", "the stored login to use (PADDOCK_PROFILE; default: default)"],
  ["--json", "print JSON; streams are printed as one object per line"],
];

export const groups: Readonly<Record<string, string>> = {
  threads: "list, show and delete threads",
  envs: "list, create, show and delete environments",
  secrets: "store, list and delete an environment's secrets",
  files: "copy, list and delete an environment's files, named ENV:PATH",
  schedules: "run tasks at times",
  triggers: "start messages by webhooks",
  orchestrations: "run steps with an agent each",
  keys: "list, create, revoke and rotate API keys",
  audit: "export the audit trail, and verify it offline",
};

const execution: readonly CommandSpec[] = [
  {
    path: "run",
    summary: "send a message and print what comes of it; Ctrl-C cancels it",
    args: [["<message>", "what to do; - reads it from stdin"]],
    options: [
      environment,
      ["-t, --thread <id>", "go on in this thread"],
      ["--agent <id>", "the agent of the new thread"],
      ["--model <name>", "the model, instead of the agent's"],
      ["--title <title>", "the new thread's title"],
    ],
  },
  {
    path: "exec",
    summary: "run a shell command in an environment; Ctrl-C cancels it",
    args: [["<command...>", "one script, or a program and its arguments behind --"]],
    options: [environment, ["-t, --thread <id>", "go on in this thread"]],
  },
  {
    path: "logs",
    summary: "print what a thread's last execution, or an execution, printed",
    args: [["<id>", "a thread_… or a run_…"]],
    options: [["-f, --follow", "go on until the execution has ended"]],
  },
];

const resources: readonly CommandSpec[] = [
  {
    path: "threads list",
    summary: "list threads, the newest first",
    options: [ofEnvironment, limit],
  },
  {
    path: "threads get",
    summary: "show a thread and its messages",
    args: [["<thread>", "its id"]],
  },
  {
    path: "threads rm",
    summary: "delete threads with their messages and logs",
    args: [["<thread...>", "their ids"]],
    options: [yes],
  },
  { path: "envs list", summary: "list environments, the default one first", options: [limit] },
  {
    path: "envs create",
    summary: "create an environment",
    args: [["<name>", "its name"]],
    options: [
      ["--size <profile>", "lite, standard, power or desktop"],
      ["--internet", "let it reach public hosts"],
      ["--allow <host[:port]>", "let it reach this host", "repeatable"],
      ["--default", "make it the default one"],
    ],
  },
  { path: "envs get", summary: "show an environment", args: [["<env>", "its id or name"]] },
  {
    path: "envs rm",
    summary: "delete environments for good, with files and secrets",
    args: [["<env...>", "their ids or names"]],
    options: [yes],
  },
  {
    path: "secrets set",
    summary: "store a secret, whose value is read from stdin or asked for",
    args: [["<name>", "the variable's name"]],
    options: [
      environment,
      ["--host <host>", "keep it out of the sandbox: send it to this host only", "repeatable"],
      ["--header <name>", "the header that it may go into (with --host)", "repeatable"],
    ],
  },
  {
    path: "secrets list",
    summary: "list the names of secrets; no value is ever shown",
    options: [environment],
  },
  {
    path: "secrets rm",
    summary: "delete secrets",
    args: [["<name...>", "their names"]],
    options: [environment, yes],
  },
  {
    path: "files cp",
    summary: "copy a file into an environment or out of it",
    args: [
      ["<from>", "a local path, ENV:PATH, or - for stdin"],
      ["<to>", "a local path, ENV:PATH, or - for stdout"],
    ],
  },
  {
    path: "files ls",
    summary: "list files",
    args: [["<place>", "ENV:PATH; :PATH is in the default environment"]],
    options: [["-R, --recursive", "with everything below"]],
  },
  {
    path: "files rm",
    summary: "delete a file, or a folder with its contents",
    args: [["<place...>", "ENV:PATH"]],
    options: [yes],
  },
];

const account: readonly CommandSpec[] = [
  {
    path: "login",
    summary: "store an API key, which is asked for or read from stdin",
    options: [["--api-url <url>", "the deployment's address (or PADDOCK_API_URL)"]],
  },
  { path: "logout", summary: "forget the stored API key; it stays valid" },
  { path: "whoami", summary: "show the account and the key that are used" },
  { path: "budget", summary: "show the balance, limits and spending" },
  {
    path: "keys list",
    summary: "list keys by id and prefix",
    options: [["--all", "also those that have ended"], limit],
  },
  {
    path: "keys create",
    summary: "create a key that may do no more than yours; it is printed once",
    args: [["<name>", "its name"]],
    options: [
      ["--scope <scope>", "what it may do", "repeatable"],
      ["-e, --env <env>", "the environments that it sees", "repeatable"],
      ["--address <range>", "the addresses that it may be used from", "repeatable"],
      ["--expires <days>", "how long it lives"],
      ["--max-cost <usd>", "what one execution may cost"],
      ["--max-cost-day <usd>", "what it may spend in a UTC day"],
    ],
  },
  {
    path: "keys revoke",
    summary: "end keys at once, and what they have running",
    args: [["<key...>", "their ids"]],
    options: [["--keep-executions", "let what they have running go on"], yes],
  },
  {
    path: "keys rotate",
    summary: "replace a key; the new one is printed once",
    args: [["<key>", "its id"]],
    options: [["--grace <hours>", "how long the old key stays valid (default: 24)"], yes],
  },
];

const tools: readonly CommandSpec[] = [
  {
    path: "audit export",
    summary: "download the audit trail at its last signed checkpoint",
    args: [["<file>", "where to; - for stdout"]],
  },
  {
    path: "audit verify",
    summary: "verify an export, a proof or evidence offline",
    args: [["<file>", "what was saved"]],
    options: [
      ["--key <key>", "the log's public key, or a file with it", "repeatable"],
      ["--evidence-key <key>", "the key that signs evidence", "repeatable"],
      ["--witness <key>", "a witness that must have cosigned", "repeatable"],
      ["--earlier <file>", "an export, a proof or evidence that was saved earlier"],
      ["--later <file>", "an export, a proof or evidence that was saved later"],
    ],
  },
  { path: "doctor", summary: "check address, clock, key and versions, and say what is missing" },
  {
    path: "completion",
    summary: "print a completion script",
    args: [["<shell>", "bash, zsh or fish"]],
  },
];

export const commandSpecs: readonly CommandSpec[] = [
  ...execution,
  ...resources,
  ...automation,
  ...account,
  ...tools,
];
