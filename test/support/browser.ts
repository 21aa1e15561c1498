import { chromium, type Browser } from 'playwright-core';

/** Debian's Chromium. @throws when the package `chromium` is not there: a browser flow is not skipped. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
