import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import * as z from "zod";
import { invalid, RpcError, unary } from "../lib/grpc.ts";
import type { Dispatch } from "./dispatch.ts";
import type { JobExecution } from "./execution.ts";
import type { ExecutionStore } from "./execution-store.ts";
import { executionMessage, taskMessage, taskNameOf } from "./messages.ts";
import type { Operations } from "./operations-service.ts";
import { pageFields, pageOf } from "./paging.ts";

export interface ExecutionsServiceParts {
  readonly store: ExecutionStore;
  readonly dispatch: Dispatch;
  readonly operations: Operations;
}

const Named = z.object({ name: z.string() });
const List = z.object({ parent: z.string(), ...pageFields });
const Change = z.object({
  name: z.string(),
  validateOnly: z.boolean().default(false),
  etag: z.string().default(""),
});

/** `google.cloud.run.v2.Executions`. */
export function executionsService(parts: ExecutionsServiceParts): UntypedServiceImplementation {
  const { store, dispatch, operations } = parts;
  return {
    GetExecution: unary(Named, ({ name }) => executionMessage(executionNamed(store, name))),
    ListExecutions: unary(List, (request) => {
      const match = /^(projects\/[^/]+\/locations\/[^/]+\/jobs)\/([^/]+)$/.exec(request.parent);
      if (!match) throw invalid(`parent: ${request.parent} is no job's name.`);
      const all = store.list(match[2] === "-" ? null : request.parent);
      const page = pageOf(all, request, (execution) => execution.sequence);
      return { executions: page.items.map(executionMessage), nextPageToken: page.nextPageToken };
    }),
    CancelExecution: unary(Change, (request) => {
      const execution = unchanged(store, request);
      if (request.validateOnly) return operations.preview(execution);
      return operations.running(dispatch.cancel(execution));
    }),
    DeleteExecution: unary(Change, async (request) => {
      const execution = unchanged(store, request);
      if (!request.validateOnly) await dispatch.remove(execution);
      return operations.preview(execution);
    }),
  };
}

/** `google.cloud.run.v2.Tasks`: an execution has exactly one. */
export function tasksService(store: ExecutionStore): UntypedServiceImplementation {
  return {
    GetTask: unary(Named, ({ name }) => {
      const execution = executionNamed(store, name.replace(/\/tasks\/[^/]*$/, ""));
      if (taskNameOf(execution) !== name) throw missing("TASK", name);
      return taskMessage(execution);
    }),
    ListTasks: unary(List, ({ parent }) => ({
      tasks: [taskMessage(executionNamed(store, parent))],
      nextPageToken: "",
    })),
  };
}

function executionNamed(store: ExecutionStore, name: string): JobExecution {
  const execution = store.get(name);
  if (!execution) throw missing("EXECUTION", name);
  return execution;
}

function unchanged(store: ExecutionStore, { name, etag }: z.output<typeof Change>): JobExecution {
  const execution = executionNamed(store, name);
  if (etag === "" || etag === executionMessage(execution).etag) return execution;
  throw new RpcError(status.ABORTED, "etag: the execution has changed.");
}

function missing(kind: string, name: string): RpcError {
  const id = name.slice(name.lastIndexOf("/") + 1);
  return new RpcError(status.NOT_FOUND, `Resource '${id}' of kind '${kind}' does not exist.`);
}
