/** The modes that this run tries where each takes long: the commit chooses one of them. */
import { sandboxModes } from "../../../runner/sandbox/arguments.ts";
import { sharedOut } from "../../kit/share.ts";

export const modesNow = sharedOut(sandboxModes, 2);
