/** What an owner does with the account as a whole. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { getMetrics, getProject, whoseAccount } from "./account-facts.ts";
import { cancelAccountDeletion } from "./cancel-deletion.ts";
import { deleteAccount } from "./delete-account.ts";
import { downloadArchive } from "./download-archive.ts";
import { getDeletion } from "./get-deletion.ts";
import { getExport } from "./get-export.ts";
import { requestExport } from "./request-export.ts";

export const service: Service = {
  name: "account",
  summary:
    "An account, its one project and its counts; its exports, its deletion and the certificate",
  visibility: "edge",
  routes: [
    ...[requestExport, getExport, downloadArchive],
    ...[whoseAccount, getProject, getMetrics],
    ...[deleteAccount, getDeletion, cancelAccountDeletion],
  ],
  // Downloads have some megabytes in memory, and take as long as their client does.
  limits: { ...defaultLimits, concurrency: 20, timeoutSeconds: 960 },
  // It gives archives to their owners, and can't make any.
  roles: ["firestore.main", "exports.read", "jobs.cancel", "secret.peppers"],
};
