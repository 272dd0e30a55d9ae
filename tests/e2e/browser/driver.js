/*
 * Tabs of a Chromium without a head, driven by lines of JSON: {"tab": ..., "run": ...} evaluates an
 * expression in that tab and is answered by {"result": ...} or {"error": ...}; what a tab says by
 * said(...) is {"tab": ..., "said": ...}. Arguments: the page's host and its address, the hash of the
 * key that the server's certificate must have, the script that all tabs load, a WAV to speak with.
 */
const { chromium } = require('playwright-core');
const readline = require('readline');

const [host, address, spki, script, voice] = process.argv.slice(2);
const tabs = new Map();

function say(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

async function open(context, name) {
  const page = await context.newPage();
  await page.exposeFunction('said', (text) => say({ tab: name, said: text }));
  page.on('console', (line) => say({ tab: name, said: `console ${line.text()}` }));
  page.on('pageerror', (error) => say({ tab: name, said: `error ${error}` }));
  await page.goto(`https://${host}/`);
  await page.addScriptTag({ path: script });
  tabs.set(name, page);
  return page;
}

async function run(context, { tab, run: expression }) {
  const page = tabs.get(tab) || (await open(context, tab));
  return { result: (await page.evaluate(expression)) ?? null };
}

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${voice}`, '--autoplay-policy=no-user-gesture-required',
      '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
      `--host-resolver-rules=MAP ${host} ${address}`, `--ignore-certificate-errors-spki-list=${spki}`],
  });
  const context = await browser.newContext();
  await context.grantPermissions(['microphone'], { origin: `https://${host}` });
  await context.route(`https://${host}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>phone</title>' }));
  say({ result: 'ready' });
  for await (const line of readline.createInterface({ input: process.stdin }))
    say(await run(context, JSON.parse(line)).catch((error) => ({ error: String(error) })));
  await browser.close();
}

main().catch((error) => {
  say({ error: String(error) });
  process.exit(1);
});
