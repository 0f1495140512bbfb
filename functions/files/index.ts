/** The files of an environment's workspace: the same tree that its executions see. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { makeFolder, moveFile } from "./arrange-files.ts";
import { cancelUpload } from "./cancel-upload.ts";
import { completeUpload } from "./complete-upload.ts";
import { createDownload } from "./create-download.ts";
import { createSnapshot, initializeSnapshots } from "./create-snapshot.ts";
import { createUpload } from "./create-upload.ts";
import { deleteFile } from "./delete-file.ts";
import { downloadFile } from "./download-file.ts";
import { getUpload } from "./get-upload.ts";
import { listFiles } from "./list-files.ts";
import { deleteSnapshot, listChanges, listSnapshots } from "./list-snapshots.ts";
import {
  getChangeDiff,
  getChangeFile,
  getSnapshotDiff,
  getSnapshotFile,
  listSnapshotFiles,
} from "./read-snapshot.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { uploadFile } from "./upload-file.ts";

export const service: Service = {
  name: "files",
  summary: "Workspace files, and snapshots of them",
  visibility: "edge",
  routes: [
    listFiles,
    uploadFile,
    createUpload,
    getUpload,
    completeUpload,
    cancelUpload,
    createDownload,
    downloadFile,
    makeFolder,
    moveFile,
    deleteFile,
    initializeSnapshots,
    createSnapshot,
    listSnapshots,
    deleteSnapshot,
    restoreSnapshot,
    listSnapshotFiles,
    getSnapshotDiff,
    getSnapshotFile,
    listChanges,
    getChangeDiff,
    getChangeFile,
  ],
  // An upload stays in memory until its hash is known, so the instance is large and takes few.
  // Large files are streamed, and made into packs once they are uploaded, which takes minutes.
  limits: { ...defaultLimits, concurrency: 8, memoryMib: 1_024, timeoutSeconds: 960 },
  passesFiles: true,
  roles: ["firestore.main", "objects.workspace", "account.sign", "secret.peppers"],
};
