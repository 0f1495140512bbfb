import { preferencesBody } from "#shared/answers/preferences-body";
import { Preferences } from "#shared/contract/billing";
import { accountRoute } from "./account-route.ts";

export const getPreferences = accountRoute({
  endpoint: "GET /v1/billing/preferences",
  summary: "The monthly limit, and the percentages of spending that raise an alert.",
  reply: Preferences,
  bodyOf: preferencesBody,
});
