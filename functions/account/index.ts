/** What an owner does with the account as a whole. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { downloadArchive } from "./download-archive.ts";
import { getExport } from "./get-export.ts";
import { requestExport } from "./request-export.ts";

export const service: Service = {
  name: "account",
  summary: "Exports of whole accounts",
  visibility: "edge",
  routes: [requestExport, getExport, downloadArchive],
  // Downloads have some megabytes in memory, and take as long as their client does.
  limits: { ...defaultLimits, concurrency: 20, timeoutSeconds: 960 },
  // It gives archives to their owners, and can't make any.
  roles: ["firestore.main", "exports.read", "secret.peppers"],
};
