/** Log-based metrics count what the code writes: each filter is tried with the code's own lines. */
import { readFileSync } from "node:fs";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { ApiError } from "#shared/errors/api-error";
import { endReasons } from "#shared/errors/end-reasons";
import { operatorsTrail } from "#shared/identity/owner";
import { announceDeadline, announceIncident } from "#shared/incidents/announce-incident";
import { openIncident } from "#shared/incidents/open-incident";
import { announceNetwork } from "#shared/owners/announce-network";
import { logFailure, logRequest, logViolation } from "#shared/pipeline/request-log";
import { announceAlerts } from "#shared/store/announce-alerts";
import { ApiKey } from "#shared/store/api-keys";
import { parseFilter } from "../../local/logging/filter.ts";
import { LogEntry } from "../../local/logging/log-entry.ts";
import { log } from "../../runner/supervisor/log.ts";
import { isPlanned } from "./support/plan.ts";
import { readAll } from "./support/read.ts";

const start = "POST /v1/threads/:threadId/messages";

/** A request's log entry after its answer. */
function answer(route: string, status: number, code?: "UNAUTHORIZED" | "FORBIDDEN"): void {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.statusCode = status;
  const record = {
    requestId: "req_1",
    method: "POST",
    route,
    address: "192.0.2.7",
    userAgent: "test",
    callerId: null,
    ownerId: null,
    error: code === undefined ? null : new ApiError(code),
  };
  logRequest(record, response, performance.now());
}

/** What the process writes to stdout meanwhile, as entries of Cloud Logging. */
function entriesOf(type: string, write: () => void): LogEntry[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  vi.spyOn(console, "log").mockImplementation((text) => lines.push(String(text)));
  write();
  vi.restoreAllMocks();
  return lines.map((line) => {
    const { severity, ...payload } = JSON.parse(line);
    const now = { seconds: 0, nanos: 0 };
    return LogEntry.parse({
      logName: "projects/p/logs/run.googleapis.com%2Fstdout",
      resource: { type, labels: {} },
      timestamp: now,
      receiveTimestamp: now,
      insertId: "1",
      labels: {},
      severity,
      jsonPayload: { fields: structOf(payload) },
    });
  });
}

function structOf(payload: object): object {
  const fields = Object.entries(payload).map(([name, value]) => {
    if (typeof value === "string") return [name, { stringValue: value }];
    if (typeof value === "number") return [name, { numberValue: value }];
    if (typeof value === "boolean") return [name, { boolValue: value }];
    return [name, { structValue: { fields: structOf(value ?? {}) } }];
  });
  return Object.fromEntries(fields);
}

const functionsType = "cloud_run_revision";
const key = ApiKey.parse({
  ...JSON.parse(readFileSync("test/fixtures/documents/api-key-before-bounds.json", "utf8")),
});
const { incident } = openIncident(
  { id: "inc_1", detector: "networks", subject: "key_1", amount: 3, at: 0, ownerIds: [] },
  0,
);
const alert = { of: "day", percent: 80, period: "2026-11-23", at: 0 } as const;

/** For each metric, lines that it counts and similar ones that it doesn't. */
const samples: Record<string, { counted: LogEntry[]; others: LogEntry[] }> = {
  "refused-credentials": {
    counted: entriesOf(functionsType, () => answer(start, 401, "UNAUTHORIZED")),
    others: entriesOf(functionsType, () => answer(start, 403, "FORBIDDEN")),
  },
  "new-networks": {
    counted: entriesOf(functionsType, () => announceNetwork(key)),
    others: entriesOf(functionsType, () => logFailure("a key wasn't closed", "why")),
  },
  incidents: {
    counted: entriesOf(functionsType, () => announceIncident(incident)),
    others: entriesOf(functionsType, () => announceDeadline(incident, 0)),
  },
  "incident-deadlines": {
    counted: entriesOf(functionsType, () => announceDeadline(incident, 0)),
    others: entriesOf(functionsType, () => announceIncident(incident)),
  },
  "budget-alerts": {
    counted: entriesOf(functionsType, () =>
      announceAlerts(operatorsTrail(), [{ ...alert, limitMicrousd: 10, spentMicrousd: 8 }]),
    ),
    others: entriesOf(functionsType, () => announceNetwork(key)),
  },
  starts: {
    counted: entriesOf(functionsType, () => answer(start, 200)),
    others: entriesOf(functionsType, () => answer(start, 402)),
  },
  endings: {
    counted: entriesOf("cloud_run_job", () =>
      log("INFO", "settled", { executionId: "exec_1", outcome: "failed", reason: "memory_limit" }),
    ),
    others: entriesOf("cloud_run_job", () => log("ERROR", "not settled", { why: "unheard" })),
  },
  failures: {
    counted: entriesOf(functionsType, () => answer(start, 500)),
    others: entriesOf(functionsType, () => answer(start, 404)),
  },
};

describe.skipIf(!isPlanned)("what is counted from logs", () => {
  const Metric = z.object({
    filter: z.string(),
    label_extractors: z.record(z.string(), z.string()).nullable(),
  });
  const metrics = () => readAll("main", "google_logging_metric", Metric);

  test("is covered by a sample for each metric", () => {
    expect(metrics().map((metric) => metric.key)).toEqual(
      Object.keys(samples).toSorted((a, b) => a.localeCompare(b, "en")),
    );
  });

  test.each(Object.entries(samples))(
    "%s: the code's own line, and not its neighbour",
    (name, sample) => {
      const metric = metrics().find((each) => each.key === name)?.values ?? expect.fail();
      const filter = parseFilter(metric.filter);
      expect(sample.counted.map(filter)).toEqual([true]);
      expect(sample.others.map(filter)).toEqual([false]);
      for (const extractor of Object.values(metric.label_extractors ?? {})) {
        const field = /^EXTRACT\(jsonPayload\.(\w+)\)$/.exec(extractor)?.[1] ?? expect.fail();
        expect(sample.counted).toMatchObject([
          { jsonPayload: { fields: { [field]: expect.anything() } } },
        ]);
      }
    },
  );

  test("the alarm of a violation is heard by its policy", () => {
    const raised = entriesOf(functionsType, () =>
      logViolation("budget_invariant_violation", { ownerId: "user_1", differences: [] }),
    );
    expect(raised.map(parseFilter("jsonPayload.alarm=true"))).toEqual([true]);
  });

  test("starts are those of a route that there is", () => {
    const list = readFileSync("dist/functions.json", "utf8");
    expect(list).toContain(`"path": "${start.slice("POST ".length)}"`);
  });

  test("walls that stop an execution are reasons that there are", () => {
    const Policy = z.object({
      conditions: z.tuple([
        z.object({ condition_threshold: z.array(z.object({ filter: z.string().optional() })) }),
      ]),
    });
    const filters = readAll("main", "google_monitoring_alert_policy", Policy).flatMap(
      ({ values }) => values.conditions[0].condition_threshold.map(({ filter = "" }) => filter),
    );
    const named = filters.flatMap((filter) => {
      const reasons = /metric\.labels\.reason=(?:monitoring\.regex\.full_match\()?"([\w|]+)"/;
      return reasons.exec(filter)?.[1]?.split("|") ?? [];
    });
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((reason) => !Object.hasOwn(endReasons, reason))).toEqual([]);
  });
});
