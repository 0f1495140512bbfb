/**
 * How the promises of `controls/promises.json` are kept, from one file per subject. A promise is
 * kept only if it is listed there, its test is named after it (`describe("EXE-3 …")`), and its
 * mutation makes that test fail, which `npm run test:mutations` tries. One that isn't listed is
 * open.
 */
import type { Control } from "./control.ts";
import { controlsOfEdge } from "./of-edge.ts";
import { controlsOfIsolation } from "./of-isolation.ts";
import { controlsOfKeys } from "./of-keys.ts";
import { controlsOfMoney } from "./of-money.ts";
import { controlsOfOperations } from "./of-operations.ts";
import { controlsOfOwners } from "./of-owners.ts";
import { controlsOfSecrets } from "./of-secrets.ts";
import { controlsOfWorkspaces } from "./of-workspaces.ts";

/** Keys are the promises' ids. */
export const controls: Readonly<Record<string, Control>> = {
  ...controlsOfEdge,
  ...controlsOfIsolation,
  ...controlsOfKeys,
  ...controlsOfMoney,
  ...controlsOfOperations,
  ...controlsOfOwners,
  ...controlsOfSecrets,
  ...controlsOfWorkspaces,
};
