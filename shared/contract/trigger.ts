import * as z from "zod";
import { pauseReasons } from "../core/schedules/words.ts";
import { triggerSources } from "../core/triggers/words.ts";
import { Metadata } from "./common.ts";
import { contentMax } from "./message-create.ts";

const Name = z.string().trim().min(1).max(200);
const Text = z.string().min(1).max(contentMax).nullish();

function actionTypeSentence(input: unknown): string {
  if (input === undefined) return "is required, and must be send_message";
  return typeof input === "string" && input.startsWith("comment_")
    ? "must be send_message: comments on pull requests aren't offered by this deployment"
    : "must be send_message, the one thing that a trigger does";
}

/** What a matching delivery does. `message` is an older name of the prompt, `template` another. */
const Action = z
  .object({
    type: z.literal("send_message", { error: ({ input }) => actionTypeSentence(input) }),
    prompt: Text,
    message: Text,
    template: Text,
  })
  .refine(
    ({ prompt, message, template }) =>
      [prompt, message, template].filter((text) => (text ?? "") !== "").length === 1,
    { path: ["prompt"], message: "is required, or one of its other names message and template" },
  );
export type TriggerAction = z.output<typeof Action>;

const sources = triggerSources.join(", ");
const Source = z.enum(triggerSources, {
  error: ({ input }) =>
    input === undefined
      ? `is required: where the events come from, one of ${sources}`
      : `must be one of ${sources}; mail isn't offered, and times are a schedule's`,
});

export const TriggerCreate = z.object({
  name: Name,
  environmentId: z.string(),
  source: Source,
  /** The event's name; `*` for any. */
  event: z.string().trim().min(1).max(200),
  action: Action,
  agentId: z.string().nullish(),
  filters: Metadata,
  enabled: z.boolean().default(true),
});
export type TriggerCreate = z.output<typeof TriggerCreate>;

export const TriggerUpdate = z.object({
  name: Name.optional(),
  agentId: z.string().nullish(),
  event: TriggerCreate.shape.event.optional(),
  filters: Metadata,
  action: Action.optional(),
  enabled: z.boolean().optional(),
});
export type TriggerUpdate = z.output<typeof TriggerUpdate>;

export const TriggerBody = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  source: z.enum(triggerSources),
  event: z.string(),
  filters: z.unknown(),
  action: z.unknown(),
  enabled: z.boolean(),
  /** Why it was paused; null if it wasn't, or was disabled by its owner. */
  pausedReason: z.enum(pauseReasons).nullable(),
  /** The key that it acts with. */
  keyId: z.string(),
  /** Shown once, when the trigger is made or gets a new one; empty afterwards. */
  webhookSecret: z.string(),
  webhookUrl: z.string(),
  lastTriggeredAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** `ignored` is an event that the trigger doesn't take; `deleted` says that its thread is gone. */
export const deliveryStatuses = [
  ...(["pending", "running", "completed", "failed"] as const),
  ...(["ignored", "deleted"] as const),
] as const;

export const TriggerExecutionBody = z.object({
  id: z.string(),
  triggerId: z.string(),
  threadId: z.string().nullable(),
  runId: z.string().nullable(),
  event: z.unknown(),
  eventPayload: z.unknown(),
  isTest: z.boolean(),
  status: z.enum(deliveryStatuses),
  error: z.string().nullable(),
  createdAt: z.string(),
});
