/** Counts what Firestore would bill, and what a caller waits for. */
import { status } from "@grpc/grpc-js";
import { countFields } from "./wire-fields.ts";

export interface Counters {
  /** Requested documents, existing or not; a query counts as at least 1. */
  readonly reads: number;
  /** Writes in successful commits. */
  readonly writes: number;
  /** Documents that were sent to listeners. */
  readonly listenReads: number;
  readonly calls: number;
  /** Calls that overlap in time are one trip; listeners aren't counted. */
  readonly roundTrips: number;
}

const zero: Counters = { reads: 0, writes: 0, listenReads: 0, calls: 0, roundTrips: 0 };

/** Watches one call from its beginning to its end. */
export interface CallCounter {
  request(message: Uint8Array): void;
  reply(message: Uint8Array): void;
  end(code: status): void;
}

/** Calls that stay open as long as someone listens. */
const openEnded: readonly string[] = ["Listen", "Write"];
/** Calls that write one document. */
const singleWrites: readonly string[] = ["CreateDocument", "UpdateDocument", "DeleteDocument"];
/** Fields of the reply that carry a document, or say that there is none. */
const documentFields: Readonly<Record<string, readonly number[]>> = {
  BatchGetDocuments: [1, 2],
  RunQuery: [1],
  RunAggregationQuery: [],
  ExecutePipeline: [2],
  ListDocuments: [1],
  PartitionQuery: [],
  ListCollectionIds: [],
};
/** The field of the request that holds `Write` messages. */
const writeFields: Readonly<Record<string, number>> = { Commit: 2, BatchWrite: 2, Write: 3 };
/**
 * A field of `RunQueryResponse`: nothing more will come, and the client doesn't wait for the end.
 */
const queryDoneField = 6;
/** A field of `ListenResponse`. */
const documentChangeField = 3;

export class OperationCounter {
  #counters = zero;
  #inFlight = 0;

  get counters(): Counters {
    return this.#counters;
  }

  reset(): void {
    this.#counters = zero;
  }

  begin(method: string): CallCounter {
    const isTrip = !openEnded.includes(method);
    this.#add({ calls: 1, roundTrips: isTrip && this.#inFlight === 0 ? 1 : 0 });
    if (isTrip) this.#inFlight += 1;
    let isOpen = isTrip;
    const close = () => {
      if (isOpen) this.#inFlight -= 1;
      isOpen = false;
    };
    let documents = 0;
    let counted = 0;
    let writes = 0;
    const countReads = (reads: number) => {
      this.#add({ reads: reads - counted });
      counted = reads;
    };
    return {
      request: (message) => {
        const field = writeFields[method];
        if (field === undefined) return;
        const count = countFields(message, field);
        if (isTrip) writes += count;
        else this.#add({ writes: count });
      },
      reply: (message) => {
        documents += countFields(message, ...(documentFields[method] ?? []));
        // Counted at once, because a client that has everything doesn't wait for the call's end.
        const isDone = method === "RunQuery" && countFields(message, queryDoneField) > 0;
        countReads(isDone ? readsOf(method, documents, status.OK) : documents);
        if (isDone) close();
        if (method === "Listen") {
          this.#add({ listenReads: countFields(message, documentChangeField) });
        }
      },
      end: (code) => {
        if (!isTrip) return;
        close();
        const isOk = code === status.OK;
        countReads(readsOf(method, documents, code));
        this.#add({ writes: isOk ? writes + (singleWrites.includes(method) ? 1 : 0) : 0 });
      },
    };
  }

  #add(more: Partial<Counters>): void {
    const sum = (name: keyof Counters) => this.#counters[name] + (more[name] ?? 0);
    this.#counters = {
      reads: sum("reads"),
      writes: sum("writes"),
      listenReads: sum("listenReads"),
      calls: sum("calls"),
      roundTrips: sum("roundTrips"),
    };
  }
}

function readsOf(method: string, documents: number, code: status): number {
  if (method === "GetDocument") return code === status.OK || code === status.NOT_FOUND ? 1 : 0;
  if (method === "BatchGetDocuments") return documents;
  if (!(method in documentFields)) return 0;
  return code === status.OK ? Math.max(documents, 1) : documents;
}
