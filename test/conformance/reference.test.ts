/** The reference page in a real browser, where the machine has Debian's Chromium. */
import { existsSync, readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MetaProcess, startMeta } from "../kit/meta-process.ts";

const executablePath = "/usr/bin/chromium";
const bytesMax = 400_000;
const contrastMin = 4.5;

/** An expression for the page, whose globals the tests don't have. */
function script(name: string): string {
  return readFileSync(new URL(`support/${name}`, import.meta.url), "utf8").replace(/;\s*$/, "");
}

describe.skipIf(!existsSync(executablePath))("the reference page", () => {
  let meta: MetaProcess;
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    meta = await startMeta();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser.close();
    await meta.stop();
  });

  async function open(colorScheme: "light" | "dark"): Promise<Page> {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1_280, height: 900 } });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${meta.baseUrl}/docs`);
    return page;
  }

  test("loads less than 400 KB from its own origin, without a complaint", async () => {
    const page = await open("light");
    const sizes: { path: string; bytes: number }[] = await page.evaluate(script("loaded-files.js"));
    const paths = new Set(sizes.map(({ path }) => path));
    expect(paths).toEqual(new Set(["/docs", "/docs/search.js", "/docs/style.css"]));
    expect(sizes.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThan(bytesMax);
    expect(complaints).toEqual([]);
  });

  test("finds an operation from the keyboard alone, and shows it in each language", async () => {
    const page = await open("light");
    await page.keyboard.press("/");
    await page.keyboard.type("delete agent for good");
    expect(await page.locator("main section:visible").count()).toBe(1);
    expect(await page.locator("#found").textContent()).toBe("1 found");
    await page.keyboard.press("Enter");
    expect(page.url()).toMatch(/#deleteAgent$/);
    const section = page.locator("#deleteAgent");
    expect(await section.locator("pre:visible").textContent()).toMatch(/^curl /);
    await page.getByLabel("Python").check();
    expect(await section.locator("pre:visible").textContent()).toMatch(/^import os, requests/);
    await page.locator("#search").press("Escape");
    expect(await page.locator("main section:visible").count()).toBeGreaterThan(100);
  });

  test.each(["light", "dark"] as const)(
    "has a contrast of at least 4.5 when %s",
    async (scheme) => {
      const page = await open(scheme);
      const measured: { least: number; background: string } = await page.evaluate(
        script("least-contrast.js"),
      );
      const { least, background } = measured;
      expect(least).toBeGreaterThanOrEqual(contrastMin);
      expect(background).toBe(scheme === "light" ? "rgb(255, 255, 255)" : "rgb(20, 23, 27)");
    },
  );
});
