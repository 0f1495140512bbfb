import type { Figure } from "./figure.ts";
import { authenticatedRead } from "./figures/authenticated-read.ts";
import { coldStart } from "./figures/cold-start.ts";
import { egress } from "./figures/egress.ts";
import { eventDelivery } from "./figures/event-delivery.ts";
import { executionCpu } from "./figures/execution-cpu.ts";
import { firstOutput } from "./figures/first-output.ts";
import { forgedKey } from "./figures/forged-key.ts";
import { manyExecutions } from "./figures/many-executions.ts";
import { memory } from "./figures/memory.ts";
import { neighbours } from "./figures/neighbours.ts";
import { redaction } from "./figures/redaction.ts";
import { sandboxStart } from "./figures/sandbox-start.ts";
import { starts } from "./figures/starts.ts";

/** Figures in the order in which they run and are printed. */
export const figures: readonly Figure[] = [
  authenticatedRead,
  forgedKey,
  coldStart,
  firstOutput,
  executionCpu,
  sandboxStart,
  egress,
  redaction,
  eventDelivery,
  manyExecutions,
  starts,
  memory,
  neighbours,
];
