import { authenticatedRead } from "./benchmarks/authenticated-read.ts";
import { coldStart } from "./benchmarks/cold-start.ts";
import { egress } from "./benchmarks/egress.ts";
import { eventDelivery } from "./benchmarks/event-delivery.ts";
import { evidence } from "./benchmarks/evidence.ts";
import { executionCpu } from "./benchmarks/execution-cpu.ts";
import { files } from "./benchmarks/files.ts";
import { firstOutput } from "./benchmarks/first-output.ts";
import { forgedKey } from "./benchmarks/forged-key.ts";
import { largeAccount } from "./benchmarks/large-account.ts";
import { largeLists } from "./benchmarks/large-lists.ts";
import { manyExecutions } from "./benchmarks/many-executions.ts";
import { memory } from "./benchmarks/memory.ts";
import { modelCalls } from "./benchmarks/model-calls.ts";
import { modelStreams } from "./benchmarks/model-streams.ts";
import { neighbours } from "./benchmarks/neighbours.ts";
import { redaction } from "./benchmarks/redaction.ts";
import { sandboxStart } from "./benchmarks/sandbox-start.ts";
import { sequencing } from "./benchmarks/sequencing.ts";
import { starts } from "./benchmarks/starts.ts";
import type { Figure } from "./figure.ts";

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
  evidence,
  sequencing,
  largeAccount,
  largeLists,
  memory,
  files,
  modelCalls,
  modelStreams,
  neighbours,
];
