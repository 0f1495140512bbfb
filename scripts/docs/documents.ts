/** The generated pages, and whether those on disk are current. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renderDeployPage, renderScalePage } from "../../sim/pages.ts";
import { openapiDocument } from "../openapi/document.ts";
import { type ApiDocument, renderReference } from "../reference/render-reference.ts";
import { renderAccounts } from "./render-accounts.ts";
import { renderCompatibility } from "./render-compatibility.ts";
import { renderControls } from "./render-controls.ts";
import { renderDecisions } from "./render-decisions.ts";
import { renderErrors } from "./render-errors.ts";
import { renderIndexes } from "./render-indexes.ts";
import { renderModules } from "./render-modules.ts";
import { renderRetention, renderRetentionPeriods } from "./render-retention.ts";
import { renderRoutes } from "./render-routes.ts";
import { renderSettingNames } from "./render-setting-names.ts";

export interface Document {
  readonly path: string;
  readonly text: string;
  readonly current: boolean;
}

/** Every generated page of the repository at `root`, as it should read now. */
export async function renderDocuments(root: string): Promise<Document[]> {
  const described = await openapiDocument(root);
  const pages = [
    { path: "docs/accounts.md", text: await renderAccounts(root) },
    { path: "docs/adr/README.md", text: renderDecisions(root) },
    { path: "docs/compatibility.md", text: await renderCompatibility(root) },
    { path: "docs/controls.md", text: renderControls(root) },
    { path: "docs/deploy.md", text: renderDeployPage(root) },
    { path: "docs/errors.md", text: renderErrors() },
    { path: "docs/retention.md", text: renderRetention() },
    { path: "docs/routes.md", text: await renderRoutes(root) },
    { path: "docs/scale.md", text: renderScalePage(root) },
    { path: "firestore.indexes.json", text: await renderIndexes(root) },
    { path: "openapi/paddock.json", text: `${JSON.stringify(described, null, 1)}\n` },
    { path: "openapi/reference.html.txt", text: renderReference(described as ApiDocument) },
    ...renderModules(root),
    { path: "terraform/retention.json", text: renderRetentionPeriods() },
    { path: "terraform/setting-names.json", text: renderSettingNames() },
  ];
  return pages.map(({ path, text }) => {
    const onDisk = join(root, path);
    const current = existsSync(onDisk) && readFileSync(onDisk, "utf8") === text;
    return { path, text, current };
  });
}
