/**
 * Sees whether files are opened, by whichever process: what must not be opened is not opened for a moment either.
 *
 * The kernel tells it (inotify); Node asks it for changes only, so a few lines of Perl ask, which Debian always has. An
 * O_PATH descriptor, which opens nothing, is not told of.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** Numbers of inotify_init1 and inotify_add_watch. */
const calls: Readonly<Record<string, string>> = { x64: '294,254', arm64: '26,27' }

const program = String.raw`
my ($init, $add, @files) = (split(/,/, shift), @ARGV);
my $fd = syscall($init, 0);
die if $fd < 0;
for my $file (@files) { my $path = $file; die if syscall($add, $fd, $path, 0x20) < 0 }
open(my $in, '<&=', $fd) or die;
$| = 1;
print "ready\n";
while (sysread($in, my $event, 4096)) { print "opened $files[unpack('i', $event) - 1]\n" }
`

/** A watch over some files. */
export class OpenWatch {
  readonly #watcher: ChildProcess
  #said = ''

  private constructor(watcher: ChildProcess) {
    this.#watcher = watcher
    watcher.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
  }

  /** Begins; undefined where nobody can tell. */
  static async over(files: readonly string[]): Promise<OpenWatch | undefined> {
    const numbers = process.platform === 'linux' ? calls[process.arch] : undefined
    if (numbers === undefined) return undefined
    const watcher = spawn('perl', ['-e', program, numbers, ...files], { stdio: ['ignore', 'pipe', 'ignore'] })
    const watch = new OpenWatch(watcher)
    const isReady = await new Promise<boolean>((resolve) => {
      watcher.stdout.once('data', () => resolve(true))
      watcher.once('error', () => resolve(false))
      watcher.once('exit', () => resolve(false))
    })
    return isReady ? watch : undefined
  }

  /** Files that were opened so far, as often as they were. */
  opened(): readonly string[] {
    return this.#said.split('\n').flatMap((line) => (line.startsWith('opened ') ? [line.slice(7)] : []))
  }

  /** Ends it. */
  stop(): void {
    this.#watcher.kill()
  }
}
