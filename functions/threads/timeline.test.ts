import fc from "fast-check";
import { expect, test } from "vitest";
import { netChanges } from "./read-changes.ts";
import { parseStepId } from "./step-body.ts";
import { type ExecutionPart, type MessagePart, segmentsOf, slicesOf } from "./timeline.ts";

const said = (role: MessagePart["role"], executionId: string, createdAt: number): MessagePart => {
  return { id: `msg_${createdAt}`, role, executionId, createdAt };
};
const ran = (id: string, eventsLastSequence: number) =>
  ({ id, eventsLastSequence, endedAt: 1 }) as ExecutionPart;

test("pages of steps follow each other without a gap, whatever their length", () => {
  const counts = fc.array(fc.nat(7), { maxLength: 5 });
  const property = fc.property(counts, fc.integer({ min: 1, max: 9 }), (events, limit) => {
    const parts = events.flatMap((_, index) => [
      said("user", `run_${index}`, 2 * index),
      said("assistant", `run_${index}`, 2 * index + 1),
    ]);
    const found = events.map((count, index) => ran(`run_${index}`, count));
    const segments = segmentsOf(parts, found, (one) => one.eventsLastSequence);
    const all = { offset: 0, limit: 1_000 };
    const places = (page: typeof all) =>
      slicesOf(segments, page).slices.flatMap(({ segment, skip, take, sequence }) =>
        Array.from({ length: take }, (_, index) => [
          segment.kind,
          segment.message.id,
          skip + index,
          sequence + index,
        ]),
      );
    const { total } = slicesOf(segments, all);
    expect(total).toBe(events.reduce((sum, count) => sum + count + 3, 0));
    const pages = Array.from({ length: Math.ceil(total / limit) }, (_, page) =>
      places({ offset: page * limit, limit }),
    );
    expect(pages.flat()).toEqual(places(all));
    expect(places(all).map((place) => place[3])).toEqual(
      Array.from({ length: total }, (_, n) => n),
    );
  });
  fc.assert(property, { numRuns: 50 });
});

test("a copied message is a step without events", () => {
  const copied = said("user", "run_none", 1);
  expect(segmentsOf([copied], [], () => 5)).toEqual([
    { kind: "message", message: copied, length: 1 },
  ]);
});

test("a step's id says which message, event or end it is", () => {
  const bare = "a_b-1".padEnd(21, "0");
  expect(parseStepId(`step_${bare}_m`)).toEqual({ kind: "message", messageId: `msg_${bare}` });
  expect(parseStepId(`step_${bare}_t`)).toEqual({ kind: "end", executionId: `run_${bare}` });
  const event = { kind: "event", executionId: `run_${bare}`, number: 12 };
  expect(parseStepId(`step_${bare}_12`)).toEqual(event);
});

test("changes of one file come to one entry, and none for a file that came and went", () => {
  const change = (path: string, changeKind: "created" | "modified" | "deleted") => {
    return { type: "file_change" as const, path, changeKind, additions: 2, deletions: 1 };
  };
  const changes = [
    change("new", "created"),
    change("gone", "created"),
    change("old", "deleted"),
    change("new", "modified"),
    change("gone", "deleted"),
    change("old", "created"),
  ];
  expect(netChanges(changes)).toEqual([
    { path: "new", status: "added", additions: 4, deletions: 2 },
    { path: "old", status: "modified", additions: 4, deletions: 2 },
  ]);
});
