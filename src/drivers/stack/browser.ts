import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** As distributions and Google call it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The browser of this machine, where the stages would find it; null = there is none. */
export function findBrowser(path: string): string | null {
  const folders = path.split(delimiter).filter(isAbsolute)
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return candidates.find(mayRun) ?? null
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The picture's, in pixels. */
const SIZE = { width: 1280, height: 800 }

/** Below the home of the run's stages. */
export const PICTURE = '.berth-screenshot.png'
const FOLDER = '.berth-browser'

/** The browser's own word for it: what a page can do is held by its sandbox, and without one no page is opened. */
export const NO_SANDBOX_EXIT = 77

/** How long the page may load: the picture shows what is there by then. */
const LOAD_MS = 20_000
/** What is left of the command's time for what comes behind the browser; a page may keep that from ending, with the picture taken. */
const REST_MS = 10_000
const LEAST_SECONDS = 5
/** Of one file that the browser writes, in the shell's blocks of 512 bytes: 64 MiB. */
const FILE_BLOCKS = 131_072

/**
 * What no command line turns off: downloads, which would go to the disk, and WebRTC's own packets, which go past every proxy.
 * (chromium, pref_names: download_restrictions = DownloadRestriction::ALL_FILES.)
 */
const PREFERENCES = JSON.stringify({
  download_restrictions: 3,
  webrtc: {
    ip_handling_policy: 'disable_non_proxied_udp',
    multiple_routes_enabled: false,
    nonproxied_udp_enabled: false,
  },
})

/**
 * A `sh` command line that takes a picture of the page. The page is taken for hostile: all that it asks for goes to a proxy that there is not, but what
 * is of its own address and port. Its temporary folder has a short name, whatever that of the run's home is: a socket there may have 108 bytes
 * (unix(7)). By an address, as names below some endings (`app`) are never asked without TLS.
 */
export function screenshotCommand(
  browser: string,
  address: string,
  { port, path }: { readonly port: number; readonly path: string },
  timeoutMs: number,
): string {
  const seconds = Math.max(LEAST_SECONDS, Math.floor((timeoutMs - REST_MS) / 1000))
  const url = quoted(`http://${address}:${port}${path}`)
  return `cd "$HOME"
rm -rf ${FOLDER} ${PICTURE}
mkdir -p ${FOLDER}/profile/Default
printf %s ${quoted(PREFERENCES)} >${FOLDER}/profile/Default/Preferences
ulimit -f ${FILE_BLOCKS}
cd ${FOLDER}
code=0
env -i PATH="$PATH" HOME="$PWD" TMPDIR=/proc/self/cwd LANG=C.UTF-8 timeout -k 2 ${seconds} ${quoted(browser)} ${flagsFor(address, port).map(quoted).join(' ')} \\
  --user-data-dir="$PWD/profile" --screenshot="$PWD/page.png" ${url} >log 2>&1 </dev/null || code=$?
grep -v dbus log | tail -n 20 || true
! grep -q 'No usable sandbox' log || code=${NO_SANDBOX_EXIT}
if [ -f page.png ]; then
  mv page.png "$HOME/${PICTURE}"
  code=0
fi
cd "$HOME"
rm -rf ${FOLDER}
exit $code`
}

function flagsFor(address: string, port: number): readonly string[] {
  return [
    '--headless',
    '--incognito',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-extensions',
    '--no-first-run',
    '--mute-audio',
    '--hide-scrollbars',
    `--window-size=${SIZE.width},${SIZE.height}`,
    '--proxy-server=socks5://nowhere.invalid:1',
    `--proxy-bypass-list=<-loopback>;${address}:${port}`,
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${address}`,
    '--webrtc-ip-handling-policy=disable_non_proxied_udp',
    `--timeout=${LOAD_MS}`,
  ]
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
