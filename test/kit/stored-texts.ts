/** All texts that are stored: those that were said, and who clears them; and the others. */

interface Said {
  readonly what: string;
  /** The files that clear it when its thread, its message or a part of the history is deleted. */
  readonly by: readonly string[];
}

const byMessage = "functions/threads/delete-message.ts";
const byHistory = "functions/threads/cut-history.ts";
const byThread = "functions/threads/delete-thread.ts";
/** It goes with the thread's documents, by the retention table. */
const withThread = "shared/deletion/erase-thread.ts";
const events = ["shared/deletion/erase-message.ts", withThread];
const ofExecution = [byMessage, byHistory, withThread];
const ofRun = ["shared/orchestrations/erase-answers.ts"];

/** Messages, answers, and every copy of them. A copy that isn't cleared outlives its deletion. */
export const said: Readonly<Record<string, Said>> = {
  "owners/*/threads title": {
    what: "the owner gives or asks for it; it goes with the thread",
    by: [byThread],
  },
  "owners/*/threads lastMessagePreview": {
    what: "the newest message's",
    by: [byMessage, byHistory, byThread],
  },
  "owners/*/threads/*/messages content": { what: "the message", by: ofExecution },
  "owners/*/executions task.content": { what: "what was asked", by: ofExecution },
  "owners/*/executions output": { what: "what was answered", by: ofExecution },
  "owners/*/executions detail": { what: "why it failed", by: ofExecution },
  "owners/*/searchEntries terms[]": {
    what: "words of a message or a title",
    by: [byMessage, byHistory, byThread, withThread],
  },
  "owners/*/orchestrations/*/orchestrationRuns results[].output": {
    what: "the beginning of an answer",
    by: ofRun,
  },
  "owners/*/orchestrations/*/orchestrationRuns results[].error": {
    what: "why a step failed",
    by: ofRun,
  },
  "owners/*/orchestrations/*/orchestrationRuns error": {
    what: "which step failed, and why",
    by: ofRun,
  },
  "owners/*/audit sealedDetails": {
    what: "what was asked, sealed to the owner; kept until the account is deleted",
    by: ["shared/deletion/erase-account.ts"],
  },
  "owners/*/executions/*/events events[].item.content": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.name": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.arguments": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.result": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.fileChanges[].path": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.content.text": {
    what: "what happened meanwhile",
    by: events,
  },
  "owners/*/executions/*/events events[].item.path": {
    what: "what happened meanwhile",
    by: events,
  },
};

/** A run has a copy of them, so that a change of the orchestration doesn't change what is done. */
const ofOrchestration = [
  "name",
  "steps[].name",
  "steps[].instructions",
  "steps[].inputsJson",
  "steps[].dependsOn[]",
  "steps[].condition",
  "steps[].needs[]",
  "steps[].after[]",
];

/**
 * The others, by their collection: settings, names, what a program is given, and what we write.
 * What was started from such a text, or from an earlier step's answer, has an owner's text of its
 * own.
 */
export const otherTexts: Readonly<Record<string, readonly string[]>> = {
  accountDeletions: ["kept.archive", "kept.treeRoot", "certificate", "certificateKey"],
  "owners/*/agents": [
    "name",
    "description",
    "model",
    "instructions",
    "binaryJson",
    "enabledSkills[]",
    "deepResearchModel",
    "metadataJson",
  ],
  apiKeys: [
    "containedBy",
    "name",
    "description",
    "prefix",
    "addressRanges[]",
    "auditPublicKey",
    "createdBy",
    "replacedBy",
    "lastUsedIp",
    "networks.digests[]",
    "metadataJson",
  ],
  "owners/*/audit": ["subject", "facts{}", "leafHash", "unsequenced", "undetected"],
  auditLogs: ["origin", "keys[].key"],
  "owners/*/account": [
    "archive",
    "last",
    "accountVersion",
    "day.key",
    "month.key",
    "holds{}.day",
    "holds{}.month",
    "holds{}.earlier[].day",
    "runs{}.day",
    "runs{}.month",
    "keys{}.day.key",
    "alerts.raised[].period",
    "creditedAlone.key",
  ],
  containments: ["subject", "by", "releasedBy"],
  "owners/*/creditRequests": ["description", "requestedBy", "decidedBy"],
  "owners/*/environments": [
    "name",
    "description",
    "networkAllow[].host",
    "runtimes{}",
    "packages.system[]",
    "packages.python[]",
    "packages.node[]",
    "dockerfileExtensions",
    "build.hash",
    "layers[].hash",
    "layers[].variables[].key",
    "layers[].variables[].value",
    "environmentVariables[].key",
    "environmentVariables[].value",
    "secretKeys[]",
    "setupScripts[]",
    "mcpServersJson",
    "documentation[]",
    "sealingPublicKey",
    "metadataJson",
  ],
  "owners/*/sealedSecrets": [
    "values[].key",
    "values[].sealed",
    "values[].binding.hosts[]",
    "values[].binding.headers[]",
    "values",
  ],
  "owners/*/sealingKeys": ["publicKey", "wrappedPrivateKey", "kmsKeyVersion"],
  "owners/*/executions": [
    "task.model",
    "task.instructions",
    "task.enabledSkills[]",
    "network.allow[].host",
    "environmentVariables[].key",
    "environmentVariables[].value",
    "secretKeys[]",
    "sealedSecrets[].key",
    "sealedSecrets[].sealed",
    "sealedSecrets[].binding.hosts[]",
    "sealedSecrets[].binding.headers[]",
    "setupScripts[]",
    "build.hash",
    "build.variables[].key",
    "build.variables[].value",
    "layer.hash",
    "jobExecution",
    "image",
    "conflicts[]",
  ],
  "owners/*/executions/*/egress": [
    "attempts[].rule",
    "attempts[].address",
    "attempts[].host",
    "ends{}.rule",
    "ends{}.address",
  ],
  incidents: [
    "title",
    "subject",
    "assignee",
    "steps[].by",
    "steps[].assignee",
    "steps[].note",
    "notice.nature",
    "notice.data",
    "notice.steps",
    "notice.advice",
  ],
  "owners/*/anomalies": ["subject"],
  "owners/*/notifications": [
    "email",
    "pendingEmail.address",
    "webhookUrl",
    "earlierTargets[].target",
  ],
  deliveries: ["target", "subject", "text", "attempts[].outcome"],
  "owners/*/orchestrations": ofOrchestration,
  "owners/*/orchestrations/*/orchestrationRuns": [...ofOrchestration, "inputsJson"],
  owners: ["name", "auditPublicKey", "createdBy"],
  "owners/*/ledger": ["model", "description"],
  operators: ["email", "createdBy", "recreatedBy[]", "vouchedBy"],
  "owners/*/schedules": [
    "name",
    "description",
    "task",
    "environmentName",
    "agentName",
    "contextName",
    "workspaceName",
    "cronExpression",
    "timezone",
    "uncounted[]",
    "metadataJson",
  ],
  "owners/*/schedules/*/scheduleRuns": ["errorCode", "errorMessage"],
  "owners/*/skills": ["name", "description", "markdown", "filesJson", "icon"],
  "owners/*/snapshots": ["title", "files[].path"],
  "owners/*/threads": ["metadataJson"],
  "owners/*/transfers": ["path"],
  "owners/*/triggers": ["name", "event", "filtersJson", "actionJson"],
  "owners/*/triggers/*/triggerDeliveries": ["payloadJson", "error"],
  "owners/*/collections": ["waiting[]", "going[]"],
};
