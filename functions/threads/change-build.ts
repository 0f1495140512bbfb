/** Routes that change what an environment builds, and start the build in the same commit. */

import * as z from "zod";
import { Rebuilt } from "#shared/contract/build";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { type AroundEnvironments, showEnvironment } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import type { Owner } from "#shared/identity/owner";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import type { FurtherScopes } from "#shared/keys/further-scopes";
import { type ChangeRoute, change, jsonBytesMax } from "#shared/pipeline/route";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import type { Environment } from "#shared/store/environments";
import {
  buildAsItIs,
  buildAudit,
  type DecidedBuild,
  decideBuild,
  dispatchBuild,
  earlierBuild,
  readForBuild,
} from "./start-build.ts";

interface ChangeOfBuild<P extends { readonly environmentId: string }, B, Q extends z.ZodRawShape> {
  readonly endpoint: `${"POST" | "PUT" | "DELETE"} /v1/environments/:environmentId/${string}`;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly body: z.ZodType<B> | "none";
  readonly needsToo?: FurtherScopes<NoInfer<B>>;
  /** What the answer has besides the environment and its build. */
  readonly more: Q;
  /** Pure. */
  readonly next: (
    environment: Environment,
    asked: { readonly params: P; readonly body: B },
  ) => Partial<Environment>;
  /** What the answer says of the request, also of one that is repeated. */
  readonly said: (asked: { readonly params: P; readonly body: B }) => Said<Q>;
}

interface Said<Q extends z.ZodRawShape> {
  readonly more: z.input<z.ZodObject<Q>>;
  readonly warnings?: readonly string[];
}

export const inEnvironment = z.object({ environmentId: idSchema("environment") });

export function changeBuild<
  P extends { readonly environmentId: string },
  B,
  Q extends z.ZodRawShape,
>({ more, next, said, ...stated }: ChangeOfBuild<P, B, Q>): ChangeRoute {
  return change({
    ...stated,
    authenticate: "api-key",
    scope: "environments:write",
    query: noQuery,
    bodyBytesMax: stated.body === "none" ? 0 : jsonBytesMax,
    requestClass: "executions",
    beforeConfirmed: "reads",
    account: "hold",
    audit: "environment.updated",
    refusals: ["FORBIDDEN", "QUOTA_REACHED"],
    reply: { 200: Rebuilt.extend(more) },
    read: async (context) => {
      const {
        caller,
        params: { environmentId },
        deps,
      } = context;
      const [read, busy] = await allInOrder([
        readForBuild(context, stated.endpoint),
        busyEnvironments(deps.store, caller.owner, environmentId),
      ]);
      return { ...read, busy };
    },
    idempotency: {
      space: ({ caller: { owner } }) => idempotencySpace(owner),
      earlier: ({ caller: { owner }, params: asked, body: sent, data }) =>
        earlierBuild(data, () => {
          const change = said({ params: asked, body: sent });
          return replyOf(owner, { change, ...data, decided: buildAsItIs(data) });
        }),
    },
    decide(context) {
      const { caller, params: asked, body: sent, data } = context;
      const change = said({ params: asked, body: sent });
      const fields = next(data.environment.value, { params: asked, body: sent });
      const decided = decideBuild(context, data, { fields, force: false });
      requireEnvironmentRoom(decided.environment, data.environment.value);
      const audit = buildAudit(context, decided);
      const { started } = decided;
      const builds = started
        ? new Map([...data.builds, [started.execution.id, started.execution] as const])
        : data.builds;
      return {
        ...audit,
        writes: [...decided.writes, ...audit.writes],
        ...(decided.account ? { account: decided.account } : {}),
        reply: replyOf(caller.owner, { change, busy: data.busy, builds, decided }),
        started,
      };
    },
    after: async (context) =>
      await dispatchBuild(context, context.decided.started, context.version),
  });
}

function replyOf<Q extends z.ZodRawShape>(
  owner: Owner,
  {
    change,
    decided,
    ...around
  }: AroundEnvironments & { readonly change: Said<Q>; readonly decided: DecidedBuild },
) {
  const { environment, state } = decided;
  const warnings = [...(change.warnings ?? []), ...(state.error === null ? [] : [state.error])];
  return ok({
    ...change.more,
    environment: showEnvironment(owner, environment, around),
    build: decided.body,
    warnings,
  });
}
