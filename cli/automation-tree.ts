/** The commands for what starts executions without a client. */
import { type CommandSpec, environment, limit, ofEnvironment, yes } from "./command-spec.ts";

const schedule = ["<schedule>", "its id or name"] as const;
const trigger = ["<trigger>", "its id or name"] as const;
const orchestration = ["<orchestration>", "its id or name"] as const;
const agent = ["--agent <id>", "the agent that it runs with"] as const;
const zone = ["--timezone <name>", "the zone of the pattern, such as Europe/Berlin"] as const;

const schedules: readonly CommandSpec[] = [
  {
    path: "schedules list",
    summary: "list schedules, the newest first",
    options: [ofEnvironment, limit],
  },
  { path: "schedules get", summary: "show a schedule and its task", args: [schedule] },
  {
    path: "schedules create",
    summary: "run a task at times, each in a thread of its own",
    args: [
      ["<name>", "its name"],
      ["<task>", "what to do; - reads it from stdin"],
    ],
    options: [
      ["--cron <pattern>", "when: five fields, such as '0 9 * * 1-5'"],
      ["--at <time>", "or once, at this time: 2030-01-31T09:00:00+01:00"],
      zone,
      environment,
      agent,
      ["--skip-missed", "don't run late what a downtime missed"],
      ["--paused", "don't run it until it is resumed"],
    ],
  },
  {
    path: "schedules edit",
    summary: "change what a schedule does, or when",
    args: [schedule],
    options: [
      ["--name <name>", "a new name"],
      ["--task <text>", "what to do; - reads it from stdin"],
      ["--cron <pattern>", "when: five fields"],
      ["--at <time>", "the one time"],
      zone,
      agent,
    ],
  },
  { path: "schedules run", summary: "run a schedule's task now, with your key", args: [schedule] },
  {
    path: "schedules runs",
    summary: "list what was started, missed and refused in 30 days",
    args: [schedule],
    options: [limit],
  },
  { path: "schedules pause", summary: "start nothing more", args: [many(schedule)] },
  {
    path: "schedules resume",
    summary: "start again from now on, with your key",
    args: [many(schedule)],
  },
  {
    path: "schedules rm",
    summary: "delete schedules; what they made stays",
    args: [many(schedule)],
    options: [yes],
  },
];

const triggers: readonly CommandSpec[] = [
  {
    path: "triggers list",
    summary: "list triggers, the newest first",
    options: [ofEnvironment, limit],
  },
  { path: "triggers get", summary: "show a trigger, without its secret", args: [trigger] },
  {
    path: "triggers create",
    summary: "start a message when a webhook comes; address and secret are printed once",
    args: [
      ["<name>", "its name"],
      ["<prompt>", "what to do; - reads it from stdin"],
    ],
    options: [
      ["--source <source>", "github, gitlab, slack, webhook or custom (default: webhook)"],
      ["--event <event>", "the event, such as pull_request.opened (default: any)"],
      ["--filter <name=value>", "a value that the payload must have", "repeatable"],
      environment,
      agent,
      ["--paused", "start nothing until it is resumed"],
    ],
  },
  {
    path: "triggers edit",
    summary: "change what a trigger takes and does",
    args: [trigger],
    options: [
      ["--name <name>", "a new name"],
      ["--prompt <text>", "what to do; - reads it from stdin"],
      ["--event <event>", "the event; * is any"],
      ["--filter <name=value>", "what the payload must have, instead of before", "repeatable"],
      agent,
    ],
  },
  {
    path: "triggers test",
    summary: "start what a trigger starts, with a payload of your own",
    args: [trigger],
    options: [["--payload <file>", "a file with a JSON object; - for stdin"]],
  },
  {
    path: "triggers runs",
    summary: "list what a trigger was sent in 30 days, and what that started",
    args: [trigger],
    options: [limit],
  },
  {
    path: "triggers rotate-secret",
    summary: "replace address and secret at once; the new ones are printed once",
    args: [trigger],
    options: [yes],
  },
  { path: "triggers pause", summary: "start nothing more", args: [many(trigger)] },
  { path: "triggers resume", summary: "start again, with your key", args: [many(trigger)] },
  {
    path: "triggers rm",
    summary: "delete triggers; what they made stays",
    args: [many(trigger)],
    options: [yes],
  },
];

const orchestrations: readonly CommandSpec[] = [
  {
    path: "orchestrations list",
    summary: "list orchestrations, the newest first",
    options: [ofEnvironment, limit],
  },
  { path: "orchestrations get", summary: "show an orchestration's steps", args: [orchestration] },
  {
    path: "orchestrations create",
    summary: "create an orchestration from the JSON that the API takes",
    args: [["<file>", "name, strategy and steps; - for stdin"]],
    options: [environment],
  },
  {
    path: "orchestrations edit",
    summary: "change the fields that a file names",
    args: [orchestration, ["<file>", "JSON; - for stdin"]],
  },
  {
    path: "orchestrations run",
    summary: "start a run with your key, and print its id",
    args: [orchestration],
    options: [
      ["--input <name=value>", "a text that its steps are given", "repeatable"],
      ["--inputs <file>", "all inputs as a JSON object; - for stdin"],
      ["--max-cost <usd>", "what all of its steps may cost together"],
      ["-f, --follow", "print what steps answer until the run has ended"],
    ],
  },
  {
    path: "orchestrations watch",
    summary: "print what a run's steps answer until it has ended",
    args: [orchestration, ["<run>", "an orun_…"]],
  },
  {
    path: "orchestrations runs",
    summary: "list the runs of 30 days, the newest first",
    args: [orchestration],
    options: [limit],
  },
  { path: "orchestrations archive", summary: "allow no more runs", args: [many(orchestration)] },
  { path: "orchestrations unarchive", summary: "allow runs again", args: [many(orchestration)] },
  {
    path: "orchestrations rm",
    summary: "delete orchestrations, and stop and delete their runs",
    args: [many(orchestration)],
    options: [yes],
  },
];

function many([name]: readonly [string, string]): readonly [string, string] {
  return [name.replace(">", "...>"), "their ids or names"];
}

export const automation: readonly CommandSpec[] = [...schedules, ...triggers, ...orchestrations];
