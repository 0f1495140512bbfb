import type { EdgeLimits } from "../edge/server.ts";
import type { Containers } from "../run/container-host.ts";
import type { RunLimits } from "../run/server.ts";
import type { StartedComponent } from "./component-stack.ts";

/** How to start the local cloud. */
export interface LocalCloudOptions {
  /** Everything is kept here; one cloud at a time may use it. */
  readonly dataFolder: string;
  /** Forget what an earlier run kept. */
  readonly fresh?: boolean;
  /** Where `npm run build` put the bundles. */
  readonly distFolder?: string;
  /** The edge's port; a free one is chosen unless this is given. */
  readonly port?: number;
  /** 127.0.0.1 unless this machine is a container whose port is published. */
  readonly bind?: string;
  /** The deployment's limits, in the form of `PADDOCK_LIMITS_FILE`; the product's unless given. */
  readonly limits?: object;
  readonly edgeLimits?: Partial<EdgeLimits>;
  readonly runLimits?: Partial<RunLimits>;
  /** What runs instead of a container, where thousands of executions matter and commands don't. */
  readonly containers?: (metadataHost: string) => Containers;
  /** Replaces the usual intervals of both sweeps. */
  readonly sweepEveryMs?: number;
  /** Start only these functions. */
  readonly functions?: readonly string[];
  readonly onProgress?: (part: StartedComponent) => void;
  /** A function crashed or came back, in a sentence; printed unless this is given. */
  readonly onNotice?: (sentence: string) => void;
  /** It can't go on and has stopped; printed, and the process exits, unless this is given. */
  readonly onFatal?: (sentence: string) => void;
}
