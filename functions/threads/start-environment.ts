import type * as z from "zod";
import { BuildBody } from "#shared/contract/build";
import { noQuery, ok } from "#shared/contract/common";
import { EnvironmentStart, EnvironmentStarted } from "#shared/contract/environment-state";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { inEnvironment } from "./change-build.ts";
import {
  buildAsItIs,
  buildAudit,
  type DecidedBuild,
  decideBuild,
  dispatchBuild,
  earlierBuild,
  readForBuild,
} from "./start-build.ts";

/**
 * Containers start with executions, so all that can be done ahead is to build what isn't built. An
 * environment that is ready needs nothing.
 */
export const startEnvironment = change({
  endpoint: "POST /v1/environments/:environmentId/start",
  summary: "Make the environment ready: build what isn't built. A container starts per execution.",
  authenticate: "api-key",
  scope: "environments:write",
  params: inEnvironment,
  query: noQuery,
  body: EnvironmentStart,
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "environment.updated",
  refusals: ["FORBIDDEN", "QUOTA_REACHED"],
  reply: { 200: EnvironmentStarted.extend({ build: BuildBody }) },
  read: async (context) => await readForBuild(context, "start"),
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) =>
      earlierBuild(context.data, () => replyOf(context.body, buildAsItIs(context.data))),
  },
  decide(context) {
    const { data } = context;
    const decided = decideBuild(context, data, { fields: {}, force: false });
    const audit = buildAudit(context, decided);
    return {
      ...audit,
      writes: [...decided.writes, ...audit.writes],
      ...(decided.account ? { account: decided.account } : {}),
      reply: replyOf(context.body, decided),
      started: decided.started,
    };
  },
  after: async (context) => await dispatchBuild(context, context.decided.started, context.version),
});

function replyOf(body: z.output<typeof EnvironmentStart>, decided: DecidedBuild) {
  const ignored = (["cpus", "memory"] as const).filter((name) => body[name] !== undefined);
  return ok({
    success: decided.body.success,
    containerName: decided.environment.id,
    containerId: null,
    imageTag: decided.body.imageTag,
    workspacePath: "/workspace",
    message: decided.body.success
      ? "A container starts with each execution, and ends with it."
      : (decided.body.error ?? decided.body.message),
    build: decided.body,
    warnings: ignored.map((name) => `${name} is ignored: computeProfile says the size.`),
  });
}
