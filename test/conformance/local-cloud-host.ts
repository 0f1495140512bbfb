/** A local cloud in its own process, which tests end in every possible way. */
import { startLocalCloud } from "../../local/cloud.ts";

const cloud = await startLocalCloud(JSON.parse(process.argv[2] ?? "{}"));
console.log(JSON.stringify({ baseUrl: cloud.baseUrl, environment: cloud.environment }));
