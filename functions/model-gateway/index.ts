/** Calls of language models, metered; the one function that has providers' keys. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import {
  chatCompletions,
  generateContent,
  messages,
  messageTokens,
  refuseWebSocket,
  responses,
} from "./call-routes.ts";

export const service: Service = {
  name: "model-gateway",
  summary: "Calls of language models, each held money for before it goes out",
  visibility: "internal",
  routes: [messages, messageTokens, chatCompletions, responses, refuseWebSocket, generateContent],
  // Calls wait for their provider most of the time, and an answer may take minutes.
  limits: { ...defaultLimits, concurrency: 250, memoryMib: 2_048, timeoutSeconds: 900 },
  roles: ["firestore.main", "secret.gateway-tokens", "secret.provider-keys"],
};
