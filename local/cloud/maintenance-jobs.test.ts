import { expect, test } from "vitest";
import { maintenanceJobs } from "./maintenance-jobs.ts";

const functions = {
  exporter: {
    ...{ visibility: "internal" as const, bundle: "exporter.cjs", nodeOptions: "", malloc: {} },
    limits: { timeoutSeconds: 900 },
    routes: [{ method: "POST" as const, path: "/internal/build", paths: ["/"], everyMs: 60_000 }],
  },
};

test("the scheduler waits longer for a call than its function may take, as in the cloud", () => {
  const [job] = maintenanceJobs({ functions }, { urlOf: () => "http://127.0.0.1:1" });
  expect(job?.attemptDeadlineMs).toBe(910_000);
});
