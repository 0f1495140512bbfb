/** The modes that this run tries where each takes long: the commit chooses one of them. */
import { sandboxModes } from "#shared/protocol/sandbox-mode";
import { sharedOut } from "../../kit/shard.ts";

export const modesNow = sharedOut(sandboxModes, 2);
