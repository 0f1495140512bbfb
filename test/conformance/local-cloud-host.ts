/** A local cloud in a process of its own, to be ended in every way there is. */
import { startLocalCloud } from "../../local/cloud.ts";

const cloud = await startLocalCloud(JSON.parse(process.argv[2] ?? "{}"));
console.log(JSON.stringify({ baseUrl: cloud.baseUrl, environment: cloud.environment }));
