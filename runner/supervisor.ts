/** The runner's second program: unprivileged, holds the tokens, trusts nothing from the sandbox. */
import { main } from "./supervisor/main.ts";

main();
