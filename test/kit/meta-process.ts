/** The function `meta` alone, which needs no cloud. */
import { join } from "node:path";
import { freePorts } from "../../local/functions/free-ports.ts";
import { FunctionProcess } from "../../local/functions/function-process.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";

export interface MetaProcess {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

export async function startMeta(): Promise<MetaProcess> {
  const [port = 0] = await freePorts(1);
  const process = new FunctionProcess({
    name: "meta",
    bundle: join("dist", "functions", "meta.cjs"),
    port,
    environment: {
      PORT: String(port),
      PADDOCK_BIND: "127.0.0.1",
      GOOGLE_CLOUD_PROJECT: "no-project",
    },
    logFile: join(temporaryFolder("paddock-meta-"), "meta.log"),
    onNotice: () => undefined,
  });
  await process.start();
  return { baseUrl: `http://127.0.0.1:${port}`, stop: async () => await process.stop() };
}
