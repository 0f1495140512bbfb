import { notOffered } from "#shared/pipeline/not-offered";

const push = "Notifications on phones aren't";

/** Notifications are sent by mail and webhook. */
export const pushNotOffered = [
  notOffered("POST /v1/notifications/push-token", push),
  notOffered("DELETE /v1/notifications/push-token", push),
  notOffered("GET /v1/notifications/push-tokens", push),
];
