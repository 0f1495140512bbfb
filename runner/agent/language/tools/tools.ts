/** The tools of every language model. Their order never changes, because caches work by prefix. */
import { bash } from "./bash.ts";
import { create } from "./create.ts";
import { edit } from "./edit.ts";
import { plan } from "./plan.ts";
import { search } from "./search.ts";
import type { Tool } from "./tool.ts";
import { view } from "./view.ts";

export const agentTools: readonly Tool[] = [bash, view, create, edit, search, plan];
