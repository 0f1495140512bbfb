/** Parts of the public API whose paths nothing else here has. */
import { notOffered } from "#shared/pipeline/not-offered";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Part {
  readonly segment: string;
  readonly what: string;
  /** The methods of its own path, and of those below. */
  readonly itself: readonly Method[];
  readonly below: readonly Method[];
}

const parts: readonly Part[] = [
  {
    segment: "tasks",
    what: "Tasks, sprints and releases aren't",
    itself: ["GET", "POST"],
    below: ["GET", "POST", "PATCH", "DELETE"],
  },
  {
    segment: "devices",
    what: "Devices of one's own aren't",
    itself: ["GET", "POST"],
    below: ["GET", "POST", "PATCH", "DELETE"],
  },
  {
    segment: "workspace-bindings",
    what: "Bindings to folders of one's own devices aren't",
    itself: ["GET", "POST"],
    below: ["GET", "POST", "PATCH", "DELETE"],
  },
  {
    segment: "servers",
    what: "Web apps, functions, sign-in and agent servers aren't",
    itself: ["GET", "POST"],
    below: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  },
  {
    segment: "databases",
    what: "Databases aren't",
    itself: ["GET", "POST"],
    below: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  },
  {
    segment: "attachments",
    what: "Attachments aren't",
    itself: [],
    below: ["GET", "POST", "DELETE"],
  },
  { segment: "reports", what: "Reports of content aren't", itself: ["GET", "POST"], below: [] },
];

export const partsNotOffered = parts.flatMap(({ segment, what, itself, below }) => [
  ...itself.map((method) => notOffered(`${method} /v1/${segment}`, what)),
  ...below.map((method) => notOffered(`${method} /v1/${segment}/*`, what)),
]);
