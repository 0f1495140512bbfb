/**
 * Threads: conversations whose messages are executed, and streamed while they are. A build of an
 * environment is such an execution, so what environments build is here, too.
 */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { buildEnvironment } from "./build-environment.ts";
import { cancelExecution } from "./cancel-execution.ts";
import { installPackages, uninstallPackage } from "./change-packages.ts";
import { setDockerfile, setRuntimes } from "./change-runtimes.ts";
import { copyThread } from "./copy-thread.ts";
import { createThread } from "./create-thread.ts";
import { deleteMessage } from "./delete-message.ts";
import { deleteThread } from "./delete-thread.ts";
import { forkFromMessage } from "./fork-from-message.ts";
import { forkFromStep } from "./fork-from-step.ts";
import { generateTitle } from "./generate-title.ts";
import {
  getDockerfile,
  getPackages,
  getRuntimes,
  listRuntimes,
  validateDockerfile,
} from "./get-configuration.ts";
import { getContext } from "./get-context.ts";
import { getDiffs } from "./get-diffs.ts";
import { getLogs } from "./get-logs.ts";
import { getStatus } from "./get-status.ts";
import { getStepDiff } from "./get-step-diff.ts";
import { getThread } from "./get-thread.ts";
import { listExecutions } from "./list-executions.ts";
import { listFileHistory } from "./list-file-history.ts";
import { listMessages } from "./list-messages.ts";
import { listSteps } from "./list-steps.ts";
import { listThreads } from "./list-threads.ts";
import { partsNotOffered } from "./parts-not-offered.ts";
import { deleteResearch, getResearch, listResearch } from "./research.ts";
import { resumeThread } from "./resume-thread.ts";
import { searchThreads } from "./search-threads.ts";
import { sendMessage } from "./send-message.ts";
import { startEnvironment } from "./start-environment.ts";
import { streamThreadEvents } from "./stream-thread-events.ts";
import { testBuild } from "./test-build.ts";
import { updateThread } from "./update-thread.ts";

export const service: Service = {
  name: "threads",
  summary: "Threads, messages and their streams; what environments build",
  visibility: "edge",
  routes: [
    createThread,
    listThreads,
    searchThreads,
    getThread,
    getContext,
    updateThread,
    getStatus,
    listMessages,
    sendMessage,
    streamThreadEvents,
    cancelExecution,
    deleteThread,
    deleteMessage,
    copyThread,
    forkFromMessage,
    forkFromStep,
    generateTitle,
    getDiffs,
    getLogs,
    getStepDiff,
    listExecutions,
    listFileHistory,
    listSteps,
    resumeThread,
    startEnvironment,
    buildEnvironment,
    testBuild,
    installPackages,
    uninstallPackage,
    setRuntimes,
    setDockerfile,
    listRuntimes,
    getRuntimes,
    getPackages,
    getDockerfile,
    validateDockerfile,
    listResearch,
    getResearch,
    deleteResearch,
    ...partsNotOffered,
  ],
  // A stream ends itself after 15 minutes, shortly before the platform would.
  limits: { ...defaultLimits, concurrency: 200, memoryMib: 1_024, timeoutSeconds: 960 },
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.run",
    "kms.wrap.environment-secrets",
    "secret.peppers",
  ],
};
