import * as z from "zod";
import { listBody, ok } from "#shared/contract/common";
import { type StepBody, StepList } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { readEvents } from "#shared/executions/read-events";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { pageBytesMax, pageTooLarge } from "#shared/store/read-page";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import { endStep, eventStep, messageStep } from "./step-body.ts";
import { readTimeline, type Slice, slicesOf } from "./timeline.ts";

type Step = z.input<typeof StepBody>;

const StepsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(500),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

export const listSteps = query({
  endpoint: "GET /v1/threads/:threadId/steps",
  summary: "What happened in a thread, step by step, from its messages and stored events.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  query: StepsQuery,
  reply: { 200: StepList },
  read: async ({ caller: { owner }, params: { threadId }, query, deps: { store }, now }) => {
    const { value } = await store.require(threads.of(owner, threadId));
    const segments = await readTimeline(store, owner, { threadId, now });
    const { slices, total } = slicesOf(segments, query);
    const { environmentId } = value;
    const steps = await readSteps(store, owner, { slices, threadId, environmentId, now });
    return { steps, total };
  },
  answer: ({ query, data: { steps, total } }) => ok(listBody(steps, { ...query, total })),
});

interface Reading {
  readonly slices: readonly Slice[];
  readonly threadId: string;
  readonly environmentId: string;
  readonly now: number;
}

/** @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if the steps are too large. */
async function readSteps(
  store: ReadStore,
  owner: Owner,
  { slices, threadId, environmentId, now }: Reading,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  let bytes = 0;
  const add = (step: Step) => {
    bytes += Buffer.byteLength(JSON.stringify(step));
    if (bytes > pageBytesMax && steps.length > 0) throw pageTooLarge(steps.length);
    steps.push(step);
  };
  for (const { segment, skip, take, sequence: first } of slices) {
    const placeOf = (index: number) => ({ threadId, environmentId, sequence: first + index });
    const { kind, message } = segment;
    if (kind === "message") add(messageStep(placeOf(0), message));
    else if (kind === "end") add(endStep(placeOf(0), message, segment.execution));
    else {
      const { id: executionId } = segment.execution;
      const wanted = { executionId, after: skip, now };
      for await (const event of readEvents(store, owner, wanted)) {
        const index = event.sequence - 1 - skip;
        if (index >= take) break;
        add(eventStep(placeOf(index), message, { executionId, event }));
      }
    }
  }
  return steps;
}
