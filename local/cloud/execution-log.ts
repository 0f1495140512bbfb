import { openLogFile } from "../functions/log-file.ts";
import type { LogLine } from "../run/container-host.ts";
import { region } from "./names.ts";

/** The output of executions, as the entries that Cloud Logging makes from a job's stdout. */
export interface ExecutionLog {
  append(line: LogLine): void;
  close(): Promise<void>;
}

export function openExecutionLog(path: string): ExecutionLog {
  const file = openLogFile(path);
  return {
    append({ executionId, stream, line }) {
      const jobName = executionId.slice(0, executionId.lastIndexOf("-"));
      const entry = {
        severity: stream === "stderr" ? "ERROR" : "DEFAULT",
        timestamp: new Date().toISOString(),
        resource: { type: "cloud_run_job", labels: { job_name: jobName, location: region } },
        labels: { "run.googleapis.com/execution_name": executionId },
        ...payload(line),
      };
      file.append(JSON.stringify(entry));
    },
    close: () => file.close(),
  };
}

/** A line that is a JSON object becomes the entry's structure, any other its text. */
function payload(line: string): object {
  if (!line.startsWith("{")) return { textPayload: line };
  try {
    return { jsonPayload: JSON.parse(line) };
  } catch {
    return { textPayload: line };
  }
}
