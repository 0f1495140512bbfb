import { Timestamp } from "@google-cloud/firestore";
import { expect, test } from "vitest";
import { mintOwner } from "#shared/identity/owner";
import { executions } from "#shared/store/executions";
import { messages, threads } from "#shared/store/threads";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { deleteMessage } from "./delete-message.ts";

test.each(["user", "assistant"])(
  "DAT-7 what ended under an earlier release loses the variables that quote a message of a %s",
  (role) => {
    const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
    const variable = { key: "TRIGGER_EVENT", value: '{"said":"in a message"}' };
    const execution = sampleExecution({ status: "success", environmentVariables: [variable] });
    const version = new Timestamp(1, 0);
    const { writes } = deleteMessage.decide({
      caller: { type: "key", id: "key_a", owner },
      data: {
        thread: { ref: threads.of(owner, "thread_1"), value: { lastMessageAt: 1 }, version },
        message: {
          ref: messages.of(owner, "thread_1", "msg_1"),
          value: { id: "msg_1", role, createdAt: 1, executionId: execution.id },
          version,
        },
        execution: { ref: executions.of(owner, execution.id), value: execution, version },
        run: null,
        still: { op: "patch", path: "x", fields: {} },
      },
      request: { id: "req_1" },
      now: 2,
    } as never);
    const copy = writes.find(({ path }) => path.endsWith(`/executions/${execution.id}`));
    expect(copy).toMatchObject({ fields: { environmentVariables: [], sealedSecrets: [] } });
  },
);
