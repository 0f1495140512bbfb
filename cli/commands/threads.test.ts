import { expect, test } from "vitest";
import { getThread } from "./threads.ts";

test("a thread says if there are more messages than are shown", async () => {
  const notes: string[] = [];
  const messages = [{ role: "user", content: "hello" }];
  const show = (messageCount: number) => {
    const thread = { id: "thread_a", status: "active", environmentId: "env_a", createdAt: "now" };
    return getThread({
      arg: () => thread.id,
      client: async () => ({
        call: async () => ({ thread: { ...thread, messages, messageCount } }),
      }),
      output: {
        isJson: false,
        fields: async () => undefined,
        line: async () => undefined,
        note: (text: string) => void notes.push(text),
      },
    } as never);
  };
  await show(1);
  expect(notes).toEqual([]);
  await show(300);
  expect(notes).toEqual(["These are the newest 1 of its 300 messages."]);
});
