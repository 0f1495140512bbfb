/** What those affected by an incident are told, in four parts that all must be there (INC-5). */
import * as z from "zod";
import type { Detector } from "./signals.ts";

const part = z.string().trim().min(1).max(4_000);

export const Notice = z.object({
  /** What happened. */
  nature: part,
  /** Which data it concerns. */
  data: part,
  /** What was done about it. */
  steps: part,
  /** What the receiver should do. */
  advice: part,
});
export type Notice = z.infer<typeof Notice>;

const revoke =
  'Look at GET /v1/keys for keys that you don\'t recognise, revoke them, and replace what they could reach: see docs/keys.md, "If a key leaks".';
const ownData = "What the key's scopes allow: threads, files and settings of your account.";
const noData = "As far as we know, no data of your account was read by others.";
const watched =
  "We have recorded what happened in your audit trail (GET /v1/audit) and look into it.";

/** A draft for each kind of incident, for an operator to correct before it is sent. */
export const noticeDrafts: Readonly<Record<Detector | "reported", Notice>> = {
  refusals: {
    nature:
      "Somebody has tried a key of yours very often that isn't accepted any more, or not there.",
    ...{ data: noData, steps: watched, advice: revoke },
  },
  networks: {
    nature: "A key of yours was used from several networks that are new for it.",
    ...{ data: ownData, steps: watched, advice: revoke },
  },
  spending: {
    nature: "Your account has spent far more in a day than it usually does.",
    ...{
      data: noData,
      steps: watched,
      advice: `Lower your limits (PUT /v1/budget/limits). ${revoke}`,
    },
  },
  denials: {
    nature: "Many executions of your account were stopped at a wall of the sandbox.",
    ...{
      data: noData,
      steps: watched,
      advice: "Look at the tasks that were run, and by which key.",
    },
  },
  redactions: {
    nature: "Executions of your account have printed secrets of their environment.",
    data: "The secrets were replaced in what is stored. Your programs have seen them.",
    steps: watched,
    advice: "Find out why they were printed, and replace the secrets.",
  },
  downloads: {
    nature: "Very much data of your account was downloaded in a day.",
    ...{ data: ownData, steps: watched, advice: revoke },
  },
  ledger: {
    nature: "The balance of your account contradicted its ledger.",
    data: "Amounts of money of your account; nothing else.",
    steps: watched,
    advice: "Compare the billing records with your own, and tell us of differences.",
  },
  reported: {
    nature: "We were told of an incident that concerns your account.",
    ...{ data: ownData, steps: watched, advice: revoke },
  },
};

/** The notice as plain text. */
export function noticeText({ nature, data, steps, advice }: Notice): string {
  const parts = [
    ["What happened", nature],
    ["Which data it concerns", data],
    ["What we have done", steps],
    ["What you should do", advice],
  ];
  return parts.map(([title, text]) => `${title}\n\n${text}\n`).join("\n");
}
