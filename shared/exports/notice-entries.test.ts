import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { deliveryBody } from "../answers/incident-body.ts";
import { noSettings } from "../answers/notification-body.ts";
import { newDeliveries } from "../notifications/new-deliveries.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { noticeEntries } from "./notice-entries.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const target = "https://hook:old-password@example.com/in";
const channel = "webhook" as const;
const about = { pepperId: "p", generation: 1, since: 1, isEarlier: false };
const told = { purpose: "notice", about: ["inc_1"], ownerId: owner.id, anomalyId: null } as const;
const words = { incidentId: "inc_1", subject: "s", text: "t", now: 1 };
const sent = newDeliveries({ ...told, ...words }, [{ ...about, channel, target }]);

test("an address of a webhook is shown without the password that it may have", async () => {
  const earlierTargets = [{ channel, target, pepperId: "p", generation: 1, since: 1, until: 2 }];
  const settings = { ...noSettings, webhookUrl: target, earlierTargets };
  const store = {
    get: async () => ({ value: settings }),
    walk: async ({ path }: { readonly path: string }) => {
      const all = path === "deliveries" ? sent : [];
      const found = all.map((value) => ({ ref: { path: `deliveries/${value.id}` }, value }));
      return { found, isEnd: true };
    },
  };
  let archived = "";
  for await (const { pieces } of noticeEntries({ store, now: () => 2 } as never, owner)) {
    archived += await text(pieces);
  }
  const shown = archived + JSON.stringify(sent.map(deliveryBody));
  expect(shown.split("https://example.com/in")).toHaveLength(5);
  expect(shown).not.toContain("old-password");
});
