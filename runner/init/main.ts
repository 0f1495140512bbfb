import { Socket } from "node:net";
import { encodeFrame, FrameReader, kinds } from "./frames.ts";
import { probe } from "./isolation-probe.ts";
import { type RunRequest, toInitBytesMax } from "./messages.ts";
import { refuseAll } from "./no-way-out.ts";
import { runScript, signalAll } from "./run-script.ts";

/** Runs the init until its process ends. */
export function main(): void {
  const supervisor = new Socket({ fd: 0, readable: true, writable: true });
  const reader = new FrameReader(toInitBytesMax);

  let isRefusing: boolean = false;
  const run = async (request: RunRequest) => {
    if (request.refusingPort !== null && !isRefusing) {
      isRefusing = true;
      await refuseAll(request.refusingPort, (attempt) =>
        supervisor.write(encodeFrame(kinds.refused, JSON.stringify(attempt))),
      );
    }
    runScript(supervisor, request);
  };

  // If the supervisor ends for any reason, so does the sandbox, because process 1 waits for this
  // one.
  for (const event of ["end", "close", "error"]) supervisor.on(event, () => process.exit(0));

  // Node would print the message, which may quote a script or a variable.
  process.on("uncaughtException", () => process.exit(1));

  supervisor.on("data", (chunk: Buffer) => {
    for (const { kind, payload } of reader.read(chunk)) {
      if (kind === kinds.run) void run(JSON.parse(payload.toString("utf8")));
      if (kind === kinds.signal) signalAll();
    }
  });
  void probe().then((report) => supervisor.write(encodeFrame(kinds.probe, JSON.stringify(report))));
}
