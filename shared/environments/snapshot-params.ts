/** The ids in the paths of an environment's snapshots. */
import * as z from "zod";
import { idSchema } from "../core/ids.ts";

export const snapshotParams = z.object({
  environmentId: idSchema("environment"),
  snapshotId: idSchema("snapshot"),
});
