/** The first program inside the sandbox: proves the walls, then runs what the supervisor sends. */
import { Socket } from "node:net";
import { probe } from "./init/denials.ts";
import { encodeFrame, FrameReader, kinds } from "./init/frames.ts";
import { toInitBytesMax } from "./init/messages.ts";
import { runScript, signalAll } from "./init/run-script.ts";

const supervisor = new Socket({ fd: 0, readable: true, writable: true });
const reader = new FrameReader(toInitBytesMax);

// Whatever ends the supervisor ends the sandbox: process 1 waits for this one.
for (const event of ["end", "close", "error"]) supervisor.on(event, () => process.exit(0));

// Node would print the message, and that may quote a script or a variable.
process.on("uncaughtException", () => process.exit(1));

supervisor.on("data", (chunk: Buffer) => {
  for (const { kind, payload } of reader.read(chunk)) {
    if (kind === kinds.run) runScript(supervisor, JSON.parse(payload.toString("utf8")));
    if (kind === kinds.signal) signalAll();
  }
});
void probe().then((report) => supervisor.write(encodeFrame(kinds.probe, JSON.stringify(report))));
