/** Lets tests control the local cloud's process, on loopback, for the length of a test run. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalCloud } from "../../local/cloud.ts";
import type { Faults, OrderedFault } from "../../local/lib/faults.ts";
import type { RunFault } from "../../local/run/faults.ts";

/** A fault for the next calls of one method of a service. */
export interface FaultOrder {
  readonly method: string;
  readonly fault: OrderedFault;
  readonly calls: number;
}

export type Command =
  | { readonly do: "operator-token"; readonly email: string }
  | { readonly do: "id-token"; readonly email: string; readonly audience: string }
  | { readonly do: "operations"; readonly of: string }
  | { readonly do: "reset-operations" }
  | { readonly do: "function-url"; readonly name: string }
  | { readonly do: "kill-function"; readonly name: string }
  | { readonly do: "restart-function"; readonly name: string }
  | { readonly do: "fault"; readonly of: string; readonly order: FaultOrder | null }
  | { readonly do: "held"; readonly of: string }
  | { readonly do: "release"; readonly of: string }
  | { readonly do: "run-fault"; readonly fault: RunFault | null }
  /** The next two only work if the cloud has its own process: see `failures-setup.ts`. */
  | { readonly do: "kill-cloud" }
  | { readonly do: "start-cloud" }
  | { readonly do: "run-room"; readonly runningMax: number | null };

export async function startControl(
  cloud: LocalCloud,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    try {
      let text = "";
      for await (const chunk of request) text += chunk;
      const result = await obey(cloud, JSON.parse(text) as Command);
      response.end(JSON.stringify(result ?? null));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function obey(cloud: LocalCloud, command: Command): Promise<unknown> {
  switch (command.do) {
    case "operator-token":
      return await cloud.operatorToken(command.email);
    case "id-token":
      return await cloud.idToken(command);
    case "operations":
      return cloud.operations.of(command.of).counters();
    case "reset-operations":
      return cloud.operations.reset();
    case "function-url":
      return cloud.functionUrl(command.name);
    case "kill-function":
      await cloud.killFunction(command.name);
      // Otherwise a release could carry out what the dead function had sent.
      return await cloud.operations.of(command.name).faults.untilNoneHeld();
    case "restart-function":
      return await cloud.restartFunction(command.name);
    case "fault": {
      const faults = faultsOf(cloud, command.of);
      const { order } = command;
      if (order === null) return faults.clear();
      return faults.order(order.method, order.fault, order.calls);
    }
    case "held":
      return faultsOf(cloud, command.of).held;
    case "release":
      return faultsOf(cloud, command.of).release();
    case "run-room":
      cloud.runFaults.runningMax = command.runningMax;
      return undefined;
    case "run-fault":
      if (command.fault === null) return cloud.runFaults.clear();
      return cloud.runFaults.next(command.fault);
    default:
      throw new Error(`this cloud can't ${command.do}`);
  }
}

/** The faults of KMS, of Storage, or of Firestore as one function reaches it. */
function faultsOf(cloud: LocalCloud, target: string): Faults {
  if (target === "kms" || target === "storage") return cloud.serviceFaults[target];
  return cloud.operations.of(target).faults;
}
