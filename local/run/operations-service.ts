import { setTimeout as wait } from "node:timers/promises";
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import * as z from "zod";
import { RpcError, unary } from "../lib/grpc.ts";
import type { Definitions } from "./definitions.ts";
import type { Dispatch } from "./dispatch.ts";
import { isCompleted, type JobExecution } from "./execution.ts";
import type { ExecutionStore } from "./execution-store.ts";
import { executionMessage } from "./messages.ts";
import { pageFields, pageOf } from "./paging.ts";

/** `google.longrunning.Operation`. */
type Operation = Record<string, unknown>;

/** If the caller sets no deadline, the server chooses one. */
const waitMsMax = 60_000;

/**
 * Long-running operations. Their names contain the execution's uid, so none is stored: an operation
 * is done when its execution is. As in the service, a failed or cancelled execution is a response
 * and not an error, and both metadata and response are the execution.
 */
export class Operations {
  readonly #definitions: Definitions;
  readonly #parent: string;

  /** @param parent `projects/P/locations/R` */
  constructor(definitions: Definitions, parent: string) {
    this.#definitions = definitions;
    this.#parent = parent;
  }

  running(execution: JobExecution): Operation {
    const packed = this.#packExecution(execution);
    const done = isCompleted(execution);
    const name = `${this.#parent}/operations/${execution.uid}`;
    return { name, done, metadata: packed, ...(done && { response: packed }) };
  }

  /** An operation for an execution that was deleted, or was only validated. */
  preview(execution: JobExecution): Operation {
    const packed = this.#packExecution(execution);
    const name = `${this.#parent}/operations/${execution.uid}`;
    return { name, done: true, metadata: packed, response: packed };
  }

  finishedJob(job: Record<string, unknown>): Operation {
    const packed = this.#definitions.pack("google.cloud.run.v2.Job", job);
    const name = `${this.#parent}/operations/${String(job.uid)}`;
    return { name, done: true, metadata: packed, response: packed };
  }

  #packExecution(execution: JobExecution) {
    return this.#definitions.pack("google.cloud.run.v2.Execution", executionMessage(execution));
  }
}

const Named = z.object({ name: z.string() });
const WaitOperation = z.object({
  name: z.string(),
  timeout: z
    .object({ seconds: z.number().default(0), nanos: z.number().default(0) })
    .default({ seconds: waitMsMax / 1_000, nanos: 0 }),
});
const ListOperations = z.object({ name: z.string().default(""), ...pageFields });

/** `google.longrunning.Operations`. */
export function operationsService(parts: {
  readonly store: ExecutionStore;
  readonly dispatch: Dispatch;
  readonly operations: Operations;
}): UntypedServiceImplementation {
  const { store, dispatch, operations } = parts;
  const find = (name: string): JobExecution => {
    const execution = store.withUid(name.slice(name.lastIndexOf("/") + 1));
    if (execution) return execution;
    throw new RpcError(status.NOT_FOUND, `Operation ${name} does not exist.`);
  };
  return {
    GetOperation: unary(Named, ({ name }) => operations.running(find(name))),
    WaitOperation: unary(WaitOperation, async ({ name, timeout }) => {
      const ms = Math.min(timeout.seconds * 1_000 + timeout.nanos / 1e6, waitMsMax);
      const waited = new AbortController();
      const timer = wait(ms, undefined, { signal: waited.signal }).catch(() => undefined);
      await Promise.race([dispatch.ended(find(name)), timer]);
      waited.abort();
      return operations.running(find(name));
    }),
    ListOperations: unary(ListOperations, (request) => {
      const page = pageOf(store.list(null), request, (execution) => execution.sequence);
      const { nextPageToken } = page;
      return { operations: page.items.map((one) => operations.running(one)), nextPageToken };
    }),
  };
}
