/** The reviewed catalogue of models; `npm run models:diff` compares it with a newer table. */
import * as z from "zod";
import stored from "./catalogue.json" with { type: "json" };
import { CatalogueModel } from "./model.ts";

const Catalogue = z.strictObject({
  models: z.array(CatalogueModel),
  /** Other names of models in the catalogue, such as the public API's. */
  aliases: z.record(z.string(), z.string()),
  /** The beta features of Anthropic that may be asked for; others aren't passed on. */
  anthropicBetas: z.array(z.string()),
});
export type Catalogue = z.infer<typeof Catalogue>;

let parsed: Catalogue | undefined;

/** Parsed when it is first needed, because most functions need none of it. */
export function catalogue(): Catalogue {
  parsed ??= Catalogue.parse(stored);
  return parsed;
}
