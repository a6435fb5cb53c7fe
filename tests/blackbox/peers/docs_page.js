// Drives the page at /docs in a real Chromium, as a person would: fills the forms in, presses the buttons, reads the answer.
// Speaks the DevTools protocol over the browser's own pipe (file descriptors 3 and 4), so nothing is to be installed for it.
// Arguments: CHROMIUM ORIGIN LANGUAGE USER PASSWORD NUMBER. Prints one JSON object.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const [chromium, origin, language, user, password, number] = process.argv.slice(2);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'omnigate-browser-'));
const browser = spawn(chromium, [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', `--user-data-dir=${profile}`, '--remote-debugging-pipe',
], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: profile } });

let next = 1;
const waiting = new Map();
const requests = [];
const refusals = [];
let rest = '';
browser.stdio[4].on('data', (octets) => {
  const frames = (rest + octets).split('\0');
  rest = frames.pop();
  for (const frame of frames) {
    const message = JSON.parse(frame);
    if (message.method === 'Network.requestWillBeSent') requests.push(message.params.request.url);
    if (message.method === 'Log.entryAdded') refusals.push(message.params.entry.text);
    const [resolve, reject] = waiting.get(message.id) || [];
    waiting.delete(message.id);
    if (message.error && reject) reject(new Error(message.error.message));
    else if (resolve) resolve(message.result);
  }
});

function ask(method, params, sessionId) {
  return new Promise((resolve, reject) => {
    waiting.set(next, [resolve, reject]);
    browser.stdio[3].write(JSON.stringify({ id: next++, method, params, sessionId }) + '\0');
  });
}

async function main() {
  const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
  const page = async (expression) => {
    const { result, exceptionDetails } =
      await ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text} ${JSON.stringify(exceptionDetails.exception)}`);
    return result.value;
  };
  for (const domain of ['Page', 'Network', 'Log']) await ask(`${domain}.enable`, {}, sessionId);
  await ask('Emulation.setDeviceMetricsOverride', { width: 400, height: 800, deviceScaleFactor: 1, mobile: true }, sessionId);
  await ask('Page.navigate', { url: `${origin}/docs?lang=${language}` }, sessionId);
  await page(`new Promise((done) => { const look = () => document.readyState === 'complete' && document.getElementById('send')
    ? done() : setTimeout(look, 20); look(); })`);
  const fill = (id, value) =>
    page(`{ const field = document.getElementById('${id}'); field.value = ${JSON.stringify(value)};
            field.dispatchEvent(new Event('input', { bubbles: true })); }`);
  // Presses a button and waits until the answer's status stands there and the buttons may be pressed again.
  const press = (selector) => page(`new Promise((done) => {
    document.querySelector('${selector}').click();
    const look = () => document.querySelector('button:disabled') ? setTimeout(look, 20) : done({
      status: document.getElementById('status').textContent, call: document.getElementById('call').textContent,
      answer: document.getElementById('answer').textContent });
    look(); })`);
  const seen = await page(`({ title: document.title, language: document.documentElement.lang,
    heading: document.querySelector('h1').textContent, wide: document.documentElement.scrollWidth > window.innerWidth,
    codes: document.querySelectorAll('#codes tbody tr').length })`);
  await fill('to', number);
  await fill('text', 'Hej från sidan åäö');
  const stranger = await press('#send button[type=submit]');
  await fill('user', user);
  await fill('password', password);
  const preview = await press('#preview');
  const sent = await press('#send button[type=submit]');
  const id = await page("document.getElementById('id').value");
  const looked = await press('#look button[type=submit]');
  const outside = requests.filter((url) => !url.startsWith(origin) && !/^(about|data):/.test(url));
  console.log(JSON.stringify({ seen, stranger, preview, sent, id, looked, outside, refusals }));
}

const end = (code) => {
  browser.once('exit', () => {
    // Its helper processes may write a moment longer than itself.
    try { fs.rmSync(profile, { recursive: true, force: true, maxRetries: 20 }); } catch { /* the system's own cleaning takes it */ }
    process.exit(code);
  });
  browser.kill('SIGKILL');
};
browser.on('error', (error) => { console.error(String(error)); process.exit(1); });
main().then(() => end(0), (error) => { console.error(error); end(1); });
