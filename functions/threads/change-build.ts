/** Routes that change what an environment builds, and start the build in the same commit. */

import * as z from "zod";
import { Rebuilt } from "#shared/contract/build";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { showEnvironment } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { type ChangeRoute, change, jsonBytesMax } from "#shared/pipeline/route";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import type { Environment } from "#shared/store/environments";
import { buildAudit, decideBuild, dispatchBuild, readForBuild } from "./start-build.ts";

interface ChangeOfBuild<P extends { readonly environmentId: string }, B, Q extends z.ZodRawShape> {
  readonly endpoint: `${"POST" | "PUT" | "DELETE"} /v1/environments/:environmentId/${string}`;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly body: z.ZodType<B> | "none";
  /** What the answer has besides the environment and its build. */
  readonly more: Q;
  /** Pure. */
  readonly next: (
    environment: Environment,
    asked: { readonly params: P; readonly body: B },
  ) => {
    readonly fields: Partial<Environment>;
    readonly more: z.input<z.ZodObject<Q>>;
    readonly warnings?: readonly string[];
  };
}

export const inEnvironment = z.object({ environmentId: idSchema("environment") });

export function changeBuild<
  P extends { readonly environmentId: string },
  B,
  Q extends z.ZodRawShape,
>({ endpoint, summary, params, body, more, next }: ChangeOfBuild<P, B, Q>): ChangeRoute {
  return change({
    endpoint,
    summary,
    authenticate: "api-key",
    scope: "environments:write",
    params,
    query: noQuery,
    body,
    bodyBytesMax: body === "none" ? 0 : jsonBytesMax,
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
        readForBuild(context),
        busyEnvironments(deps.store, caller.owner, environmentId),
      ]);
      return { ...read, busy };
    },
    decide(context) {
      const { caller, params: asked, body: sent, data } = context;
      const change = next(data.environment.value, { params: asked, body: sent });
      const decided = decideBuild(context, data, { fields: change.fields, force: false });
      requireEnvironmentRoom(decided.environment);
      const audit = buildAudit(context, decided);
      const { started, state, environment } = decided;
      const builds = started
        ? new Map([...data.builds, [started.execution.id, started.execution] as const])
        : data.builds;
      const warnings = [...(change.warnings ?? []), ...(state.error === null ? [] : [state.error])];
      return {
        ...audit,
        writes: [...decided.writes, ...audit.writes],
        ...(decided.account ? { account: decided.account } : {}),
        reply: ok({
          ...change.more,
          environment: showEnvironment(caller.owner, environment, { busy: data.busy, builds }),
          build: decided.body,
          warnings,
        }),
        started,
      };
    },
    after: async (context) =>
      await dispatchBuild(context, context.decided.started, context.version),
  });
}
