/** A front's process: it listens on `PORT` and ends on SIGTERM, once open requests are done. */
import { config, deploymentLimits, required } from "../../config.ts";
import { InvokerTokens } from "../../google/invoker-token.ts";
import { logFailure } from "../request-log.ts";
import { createFront } from "./front-server.ts";
import { servedRoutes } from "./served-routes.ts";

const drainMs = 8_000;

try {
  const side = config().PADDOCK_FRONT_SIDE;
  const services = required("PADDOCK_FRONT_SERVICES");
  const now = () => performance.now();
  const tokens = new InvokerTokens({ metadataHost: config().GCE_METADATA_HOST, now });
  const server = createFront({
    routes: servedRoutes(side, config().PADDOCK_FUNCTIONS_FILE),
    urlOf: (name) => services.replace("{function}", name),
    tokenFor: async (url) => await tokens.of(url),
    perAddress: side === "edge" ? deploymentLimits().addresses : null,
    now,
  });
  process.once("SIGTERM", () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), drainMs).unref();
  });
  server.listen(config().PORT, config().PADDOCK_BIND);
} catch (cause) {
  logFailure("the front can't start", cause);
  process.exitCode = 1;
}
