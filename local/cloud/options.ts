import type { EdgeLimits } from "../edge/server.ts";
import type { Containers } from "../run/container-host.ts";
import type { RunLimits } from "../run/server.ts";
import type { StartedComponent } from "./component-stack.ts";

/** How to start the local cloud. */
export interface LocalCloudOptions {
  /** Everything is stored here; one cloud at a time may use it. */
  readonly dataFolder: string;
  /** Forget what an earlier run kept. */
  readonly fresh?: boolean;
  /** The folder where `npm run build` put the bundles. */
  readonly distFolder?: string;
  /** The edge's port. Defaults to a free one. */
  readonly port?: number;
  /** Defaults to 127.0.0.1; a container whose port is published needs another address. */
  readonly bind?: string;
  /** The deployment's limits, in the form of `PADDOCK_LIMITS_FILE`; defaults to the product's. */
  readonly limits?: object;
  /** The models on offer, in the form of `PADDOCK_MODELS`; defaults to none but `shell`. */
  readonly models?: object;
  /** The keys of model providers by their name. */
  readonly providerKeys?: Readonly<Record<string, string>>;
  readonly edgeLimits?: Partial<EdgeLimits>;
  readonly runLimits?: Partial<RunLimits>;
  /**
   * Replaces containers, for tests where thousands of executions matter and their commands don't.
   */
  readonly containers?: (metadataHost: string) => Containers;
  /** The interval of both sweeps, instead of the usual ones. */
  readonly sweepEveryMs?: number;
  /** Settings of functions besides the cloud's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Functions, and routes such as `maintenance/shreds`, that a test calls, not the scheduler. */
  readonly unscheduled?: readonly string[];
  /** Where runners call, if not at the functions themselves: what a test puts before them. */
  readonly gatewayUrl?: string;
  /** Start only these functions. */
  readonly functions?: readonly string[];
  readonly onProgress?: (part: StartedComponent) => void;
  /** Told in a sentence when a function crashed or came back. By default it is printed. */
  readonly onNotice?: (sentence: string) => void;
  /**
   * Told when the cloud has stopped on an error. By default it is printed, and the process exits.
   */
  readonly onFatal?: (sentence: string) => void;
}
