import { expect, test } from "vitest";
import { type SseEvent, SseReader } from "./sse-reader.ts";

const expected = ["one", "two"].map((data): SseEvent => ({ event: "", data }));

test.each([
  "data: one\n\ndata: two\n\n",
  "data: one\r\n\r\ndata: two\r\n\r\n",
  "data: one\r\n\ndata: two\r\n\n",
  "data: one\r\rdata: two\r\r",
  "\uFEFFdata: one\n\r\ndata:two\r\r\n",
])("a stream has the same events, however it is cut: %j", (text) => {
  const bytes = Buffer.from(text);
  for (let length = 1; length <= bytes.length; length += 1) {
    const reader = new SseReader();
    const events: SseEvent[] = [];
    for (let start = 0; start < bytes.length; start += length) {
      events.push(...reader.read(bytes.subarray(start, start + length)));
    }
    expect(events).toEqual(expected);
  }
});
