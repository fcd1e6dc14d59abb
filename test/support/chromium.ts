/** A real browser without a window, for the pages that people see. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { servers } from './servers.ts';

export interface RealBrowser extends AsyncDisposable {
  /** A window of somebody who has never been here. */
  newWindow(size?: { readonly width: number; readonly height: number }): Promise<Page>;
}

const executable = servers.find(({ name }) => name === 'chromium')?.command as string;

/** Certificates are not checked. Scripts are off unless said otherwise: pages have to do without. */
export async function startChromium({ scripts = false } = {}): Promise<RealBrowser> {
  const path = (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/bin')
    .map((folder) => join(folder, executable));
  const browser: Browser = await chromium.launch({
    executablePath: path.find((one) => existsSync(one)) ?? executable,
    // The sandbox needs rights that a container does not give, and nothing but our own pages is looked at.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return {
    async newWindow(size = { width: 1280, height: 800 }) {
      const context: BrowserContext = await browser.newContext({
        ignoreHTTPSErrors: true,
        javaScriptEnabled: scripts,
        viewport: { ...size },
      });
      const page = await context.newPage();
      // A machine full of tests is slow.
      page.setDefaultTimeout(30_000);
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Keeps a picture of the whole page in the folder that `POSTERN_SCREENSHOTS` names; without one, nothing. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.POSTERN_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
