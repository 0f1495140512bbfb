import * as z from "zod";
import { SmallMetadata } from "./common.ts";
import { contentMax } from "./message-create.ts";
import { ThreadSchedule } from "./schedule.ts";
import { threadText } from "./thread-text.ts";
import { ignoredField, sameByBothNames, unsupported } from "./unsupported.ts";

/** The statuses that are stored. `archived` is a mark beside them, which a thread shows instead. */
export const threadStatuses = ["active", "running", "completed", "failed", "cancelled"] as const;
export const shownStatuses = [...threadStatuses, "archived"] as const;

const Title = z.string().max(500);
const Label = z.string().max(100);
const ProjectId = Label.refine(
  (id) => id !== "none",
  'can\'t be "none", which stands for threads without a project',
);

const seedMessagesMax = 50;
const Content = z.string().min(1).max(contentMax);

/** What was said before the last message, which is the one that is executed. */
const SeedMessages = z
  .array(
    z.object({
      role: z.enum(["user", "assistant"], {
        error: ({ input }) =>
          input === undefined
            ? "is required: user or assistant"
            : "must be user or assistant: instructions are an agent's",
      }),
      content: Content,
    }),
  )
  .min(1)
  .max(seedMessagesMax)
  .refine((messages) => messages.at(-1)?.role === "user", "must end with a message of the user");

/** With `content`, `task` or `messages` the thread is created and executed at once. */
export const ThreadCreate = z
  .object({
    environmentId: z.string().optional(),
    /** Older clients call the environment `computerId`. */
    computerId: z.string().optional(),
    agentId: z.string().nullish(),
    title: Title.nullish(),
    projectId: ProjectId.nullish(),
    appId: Label.nullish(),
    metadata: SmallMetadata,
    content: Content.optional(),
    /** Another name of the content. */
    task: Content.optional(),
    messages: SeedMessages.optional(),
    /** Whether what is executed is streamed; otherwise the thread is the answer, and runs on. */
    stream: z.boolean().optional(),
    attachments: unsupported("isn't supported: upload files to the environment, and name them"),
    /** With it nothing runs now: a schedule is made that runs the content at its times. */
    schedule: ThreadSchedule.nullish(),
  })
  .refine(...sameByBothNames("environmentId", "computerId"))
  .refine(...sameByBothNames("content", "task"))
  .refine(({ content = null, task = null, messages }) => !messages || (content ?? task) === null, {
    path: ["messages"],
    message: "can't be combined with content: send one of the two",
  })
  .refine(({ schedule, content, task, messages }) => !schedule || (content ?? task) || messages, {
    path: ["content"],
    message: "is required with a schedule: it is what the schedule runs",
  })
  .refine(({ schedule, messages = [] }) => !schedule || messages.length <= 1, {
    path: ["messages"],
    message: "must be one message with a schedule, which begins a new thread each time",
  });
export type ThreadCreate = z.output<typeof ThreadCreate>;

/** Fields that are left out keep their values; null takes a value away. */
export const ThreadUpdate = z.object({
  title: Title.nullish(),
  /** `archived` hides nothing: it is a mark, which the next message or `active` takes off. */
  status: z.enum(["active", "archived"]).optional(),
  agentId: z.string().nullish(),
  projectId: ProjectId.nullish(),
  metadata: SmallMetadata,
});
export type ThreadUpdate = z.output<typeof ThreadUpdate>;

/** A title is made from `message` alone; it holds what the other two would say again. */
export const TitleGenerate = z.object({
  message: z.string().min(1).max(contentMax),
  content: ignoredField,
  task: ignoredField,
  /** Whether to replace a title that is there. */
  force: z.boolean().nullish(),
});

export const MessageBody = z.object({
  id: z.string(),
  threadId: z.string(),
  role: z.enum(["user", "assistant"]),
  content: z.string(),
  timestamp: z.string(),
  createdAt: z.string(),
  metadata: z.null(),
});

export const ThreadBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  title: threadText(z.string().nullable()),
  task: z.null(),
  appId: z.string().nullable(),
  status: z.enum(shownStatuses),
  messageCount: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  totalTokens: z.int(),
  totalCost: z.number(),
  environmentMinutes: z.number(),
  lastMessageAt: z.string().nullable(),
  lastMessagePreview: threadText(z.string().nullable()),
  /** Null once it was deleted. */
  environmentName: threadText(z.string().nullable()),
  agentName: threadText(z.string().nullable()),
  metadata: threadText(z.unknown()),
  teamExecution: z.null(),
  subagentActivity: z.array(z.never()),
  messages: threadText(z.array(MessageBody).optional()),
  createdAt: z.string(),
  updatedAt: z.string(),
});
