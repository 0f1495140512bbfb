/** The files of an environment's workspace: the same tree that its executions see. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { makeFolder, moveFile } from "./arrange-files.ts";
import { createSnapshot, initializeSnapshots } from "./create-snapshot.ts";
import { deleteFile } from "./delete-file.ts";
import { downloadFile } from "./download-file.ts";
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
  limits: { ...defaultLimits, concurrency: 8, memoryMib: 1_024 },
  roles: ["firestore.main", "objects.workspace", "secret.peppers"],
};
