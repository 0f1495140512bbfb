/** The modes that this run tries in slow tests; the commit chooses one of them. */
import { sandboxModes } from "#shared/protocol/sandbox-mode";
import { sharedOut } from "../../kit/shard.ts";

export const modesNow = sharedOut(sandboxModes, 2);
