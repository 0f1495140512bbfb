import * as z from "zod";
import { loadMap, publishHeads } from "#shared/audit/publish-heads";
import { sequenceRows } from "#shared/audit/sequence-rows";
import { LogFork, loadLog, signEpoch } from "#shared/audit/sign-epoch";
import { required } from "#shared/config";
import { ok } from "#shared/contract/common";
import { logFailure, logViolation } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { isConflict } from "#shared/store/with-deadline";

/** After this time a call begins nothing more. The platform ends the call after 120 s. */
const workingMsMax = 60_000;
/** After this time no more rows get places: a backlog of them mustn't keep heads from signing. */
const sequencingMsMax = 30_000;

const Outcome = z.object({
  sequenced: z.int(),
  raced: z.int(),
  failed: z.int(),
  published: z.int(),
  /** The size of the log's last signed checkpoint. */
  size: z.int(),
  /** Whether the log was refused, because the stored checkpoints are another history's. */
  forked: z.boolean(),
});

export const sequence = action({
  ...scheduled,
  endpoint: "POST /internal/audit/sequence",
  summary: "Give audit rows their places in their owners' trees, and sign the log of all heads.",
  everyMs: 60_000,
  reply: { 200: Outcome },
  perform: async ({ deps }) => {
    const beganAt = deps.now();
    const turnOf = (ms: number) => ({
      isLate: () => deps.now() > beganAt + ms,
      report: logFailure,
    });
    const map = await loadMap(deps);
    const secret = Buffer.from(map.value.secret, "hex");
    const rows = await sequenceRows(deps, secret, turnOf(sequencingMsMax));
    return ok({ ...rows, ...(await signHeads(deps, turnOf(workingMsMax))) });
  },
});

/** Signs what a call before has left open, then epoch after epoch until all heads are published. */
async function signHeads(deps: Deps, turn: Parameters<typeof publishHeads>[2]) {
  const outcome = { published: 0, size: 0, forked: false };
  try {
    for (let more = true; more; ) {
      const log = await loadLog(deps, required("PADDOCK_AUDIT_LOG"));
      outcome.size = log.value.size;
      if (log.value.open) await signEpoch(deps, log, turn.report);
      else {
        const heads = turn.isLate() ? 0 : await publishHeads(deps, log, turn);
        outcome.published += heads;
        more = heads > 0;
      }
    }
  } catch (cause) {
    // Another instance works on the same epoch, and one of the two is enough.
    if (isConflict(cause)) return outcome;
    if (!(cause instanceof LogFork)) throw cause;
    logViolation("audit_log_violation", { size: cause.size });
    return { ...outcome, forked: true };
  }
  return outcome;
}
