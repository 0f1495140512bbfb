/** What docs/compatibility.md says of single operations, beyond what the routes tell. */

/** Operations that answer otherwise than the public API does; the table above says more. */
export const differences: Readonly<Record<string, string>> = {
  "GET /health": "parts that don't exist here are empty",
  "POST /environments":
    "the network is closed unless opened; nothing is built before `POST /build`; extra `warnings`",
  "PATCH /environments/{environmentId}": "not `secrets`, `mcpServers`, `isDefault`: 400",
  "PUT /environments/{environmentId}": "not `secrets`, `mcpServers`, `isDefault`: 400",
  "GET /environments": "not by `status`: 400",
  "GET /environments/runtimes/available": "those of the runner's image",
  "POST /environments/{environmentId}/build": "a layer, no image; `threadId` is where it runs",
  "POST /environments/{environmentId}/build/test": "an execution, and billed",
  "PUT /environments/{environmentId}/dockerfile": "RUN, ENV and WORKDIR alone; no `baseImage`",
  "POST /environments/{environmentId}/start": "builds what isn't built; no container waits",
  "POST /environments/{environmentId}/stop": "cancels what runs there",
  "GET /environments/{environmentId}/status": "of executions; neither `memory` nor `cpu`",
  "GET /environments/{environmentId}/config": "the environment's `documentation`",
  "PUT /environments/{environmentId}/config": "the environment's `documentation`",
  "GET /environments/{environmentId}/snapshots": "`additions` and `deletions` are null",
  "GET /environments/{environmentId}/snapshots/{snapshotId}/file": "no `format=raw`; up to 4 MiB",
  "GET /environments/{environmentId}/changes": "`additions` and `deletions` are null",
  "GET /environments/{environmentId}/changes/{changeId}/file": "no `format=raw`; up to 4 MiB",
  "POST /environments/{environmentId}/snapshots/{snapshotId}/fork": "secrets aren't copied",
  "POST /environments/{environmentId}/changes/{changeId}/fork": "secrets aren't copied",
  "DELETE /environments/{environmentId}": "always final",
  "POST /environments/{environmentId}/secrets": "409 for a name that is taken",
  "POST /environments/{environmentId}/files/upload":
    "at most 24 MiB, one file a form; above by `uploads`",
  "POST /environments/{environmentId}/files/move": "replaces nothing: 409",
  "GET /environments/{environmentId}/git/status": "submodules aren't looked into; no renames",
  "POST /environments/{environmentId}/git/stage": "an execution, and billed; 202 while it runs",
  "POST /environments/{environmentId}/git/unstage": "an execution, and billed; 202 while it runs",
  "POST /environments/{environmentId}/git/commit":
    "an execution, and billed; no hooks; 202 while it runs",
  "POST /environments/{environmentId}/git/push":
    "an execution, and billed; a secret bound to the host; no hooks; 202 while it runs",
  "POST /environments/{environmentId}/git/branch": "an execution, and billed; 202 while it runs",
  "PUT /environments/{environmentId}/git/branch": "an execution, and billed; 202 while it runs",
  "POST /environments/{environmentId}/git/clone":
    "an execution, and billed; https alone for a `token`; 202 while it runs",
  "GET /metrics": "of the account; durations in milliseconds",
  "GET /project": "the one project, under the account's name",
  "GET /threads":
    "`next_cursor` beside `offset`; an archived thread is found by its own status, too",
  "POST /threads":
    "no `attachments`; with `schedule` 201 with both and nothing runs now; messages of the roles `user` and `assistant`",
  "POST /threads/search": "whole words; `complete` says whether all texts were looked at",
  "PATCH /threads/{threadId}": "`metadata`, too",
  "GET /threads/{threadId}/messages": "`next_cursor` beside `offset`",
  "GET /threads/{threadId}/steps": "of the first 1,000 messages; events are kept for 30 days",
  "GET /threads/{threadId}/steps/{stepId}/diff": "line counts without the text of the change",
  "POST /threads/{threadId}/steps/{stepId}/fork":
    "`latest` alone: the same environment, today's files",
  "POST /threads/{threadId}/fork-from-message": "in an environment that exists, with today's files",
  "POST /threads/{threadId}/copy": "in an environment that exists; at most 150 messages",
  "GET /threads/{threadId}/files/history": "of the newest 50 executions",
  "POST /threads/{threadId}/generate-title": "the text's beginning: no model is asked",
  "GET /threads/{threadId}/logs":
    "the newest 100 messages; `truncated` says whether more was left out",
  "GET /threads/{threadId}/diffs": "line counts without the text, of the newest 50 executions",
  "GET /threads/{threadId}/context": "an estimate, `exact: false`; zeros for `shell`",
  "GET /threads/{threadId}/research": "none",
  "GET /threads/{threadId}/research/{sessionId}": "404: there are none",
  "DELETE /threads/{threadId}/research/{sessionId}": "404: there are none",
  "DELETE /threads/{threadId}": "for good",
  "POST /threads/{threadId}/messages": "one model, `shell`; some fields are refused by name",
  "POST /agents": "`warnings` name fields that have no effect; ids are made here",
  "PATCH /agents/{agentId}": "`warnings` name fields that have no effect",
  "DELETE /agents/{agentId}": "always for good, also without `hard`",
  "GET /agents/models": "`shell`, and models that the deployment has a key for",
  "POST /schedules": "acts with the key that made it; `missedRuns` says what a downtime does",
  "PATCH /schedules/{scheduleId}":
    "a change of what it does makes it act with the key of that request",
  "DELETE /schedules/{scheduleId}": "always for good; threads stay",
  "POST /triggers":
    "not `email`, `cron`, nor comments on pull requests: 400; the secret is shown in this answer alone",
  "GET /triggers": "`webhookSecret` is empty",
  "GET /triggers/{triggerId}": "`webhookSecret` is empty",
  "PATCH /triggers/{triggerId}":
    "a change of what it does makes it act with the key of that request",
  "DELETE /triggers/{triggerId}": "for good; threads stay",
  "GET /triggers/{triggerId}/executions": "of the last 30 days; `ignored` and `deleted`, too",
  "POST /orchestrations":
    "conditions and lists as `docs/automation.md` says; `coordinatorAgentId` starts nothing, with a warning",
  "PATCH /orchestrations/{orchestrationId}": "runs that have begun go on as they were",
  "DELETE /orchestrations/{orchestrationId}": "for good, with its runs, which stop; threads stay",
  "POST /orchestrations/{orchestrationId}/runs":
    "with the asking key, whose scope `execute` it needs; `maxCost` bounds it",
  "GET /orchestrations/{orchestrationId}/runs": "of the last 30 days",
  "GET /orchestrations/{orchestrationId}/runs/{orchestrationRunId}":
    "`threadId` is null: each result names its own",
  "POST /schedules/{scheduleId}/trigger": "with the asking key, whose scope `execute` it needs",
  "PATCH /billing/preferences": "choices that are fixed here are 400",
  "GET /billing/usage/workspace": "by environment",
  "POST /billing/mcp-usage": "nothing is charged: `recorded: false`",
  "GET /budget/topup-options": "none",
  "GET /budget/payment-status": "`configured: false`",
  "GET /costs/summary": "whole tokens; `totalCostUsd` is exact",
  "GET /costs/performance/tokens": "what was cached is part of the input; `shell` counts none",
  "DELETE /account": "can be cancelled for some days; the answer has a receipt",
  "POST /billing/admin/{userId}/credits": "an operator's identity; above a sum a second one",
  "POST /billing/admin/{userId}/top-up": "the account's one balance",
  "POST /billing/admin/{userId}/limits": "an operator's identity",
  "GET /billing/admin/{userId}/budget": "an operator's identity",
  "GET /admin/users/{userId}": "an operator's identity",
  "POST /admin/users/{userId}/credit": "an operator's identity; above a sum a second one",
};

interface Missing {
  /** Matches a method and a path. */
  readonly operations: RegExp;
  readonly why: string;
}

/** Operations that no route answers. The first that matches says why. */
export const missing: readonly Missing[] = [
  {
    operations: / \/(?:projects?|files|directories)(?:\/|$)/,
    why: "one project an account, which `GET /project` shows; files are those of an environment",
  },
  { operations: /^GET \/agents\/\{agentId\}\/analytics$/, why: "not yet" },
  {
    operations: / \/admin\/keys(?:\/|$)/,
    why: "`/v1/keys` with an API key; requests of a key aren't counted",
  },
  { operations: /^GET \/admin\/users$/, why: "operators look owners up by id" },
];
