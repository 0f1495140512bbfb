import * as z from "zod";
import { BuildBody, BuildStart } from "#shared/contract/build";
import { ok, optionalFlag } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import {
  buildAsItIs,
  buildAudit,
  decideBuild,
  dispatchBuild,
  earlierBuild,
  readForBuild,
} from "./start-build.ts";

export const buildEnvironment = change({
  endpoint: "POST /v1/environments/:environmentId/build",
  summary:
    "Build what the environment names, unless it is built already: an execution that makes a layer.",
  authenticate: "api-key",
  scope: "environments:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: z.object({ force: optionalFlag }),
  body: BuildStart,
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "environment.updated",
  refusals: ["FORBIDDEN", "QUOTA_REACHED"],
  reply: { 200: BuildBody },
  read: async (context) => await readForBuild(context, "build"),
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: ({ data }) => earlierBuild(data, () => ok(buildAsItIs(data).body)),
  },
  decide(context) {
    const { body, query, data } = context;
    const force = body.force ?? query.force ?? false;
    const decided = decideBuild(context, data, { fields: {}, force });
    const audit = buildAudit(context, decided);
    return {
      ...audit,
      writes: [...decided.writes, ...audit.writes],
      ...(decided.account ? { account: decided.account } : {}),
      reply: ok(decided.body),
      started: decided.started,
    };
  },
  after: async (context) => await dispatchBuild(context, context.decided.started, context.version),
});
