/**
 * How the promises of `promises.json` are kept: one file per prefix, so `NET-3` is in
 * `net-network.ts`. A promise is kept only if it is listed there, its test is named after it
 * (`describe("EXE-3 …")`), and its mutation makes that test fail, which `npm run test:mutations`
 * tries. One that isn't listed is open. Promises that the deployment keeps are in `deployment.ts`.
 */
import { audControls } from "./aud-audit.ts";
import { autControls } from "./aut-automation.ts";
import { budControls } from "./bud-budget.ts";
import type { Control } from "./control.ts";
import { datControls } from "./dat-data.ts";
import { edgControls } from "./edg-edge-and-transport.ts";
import { exeControls } from "./exe-execution-isolation.ts";
import { gitControls } from "./git-repositories.ts";
import { incControls } from "./inc-incidents.ts";
import { keyControls } from "./key-authentication.ts";
import { limControls } from "./lim-rate-limits.ts";
import { modControls } from "./mod-models.ts";
import { netControls } from "./net-network.ts";
import { opsControls } from "./ops-operations.ts";
import { ownControls } from "./own-authorization.ts";
import { secControls } from "./sec-secrets.ts";
import { tenControls } from "./ten-between-owners.ts";
import { wspControls } from "./wsp-workspaces.ts";

/** Keys are the promises' ids. */
export const controls: Readonly<Record<string, Control>> = {
  ...audControls,
  ...autControls,
  ...budControls,
  ...datControls,
  ...edgControls,
  ...exeControls,
  ...gitControls,
  ...incControls,
  ...keyControls,
  ...limControls,
  ...modControls,
  ...netControls,
  ...opsControls,
  ...ownControls,
  ...secControls,
  ...tenControls,
  ...wspControls,
};
