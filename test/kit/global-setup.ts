/** One local cloud for the whole run. */
import type { TestProject } from "vitest/node";
import { provideCloud } from "./provide-cloud.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideCloud(project);
}
