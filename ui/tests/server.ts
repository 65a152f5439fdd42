/** The real binary, on a directory of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BINARY = process.env['ALGOHOOK_BINARY'] ?? join(import.meta.dirname, '../../target/debug/algohook');

/** The moment that every demo of the tests takes for now: a Wednesday in New York's hours. */
export const DEMO_NOW = '2026-03-11T15:00:00Z';

export class Server {
  url = '';
  setupLink = '';
  password = '';
  private child: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly flags: string[] = [],
  ) {}

  /** Starts on an empty directory. */
  static async empty(...flags: string[]): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'algohook-')), flags);
    await server.start();
    return server;
  }

  /** Starts with the made-up webhooks of the demo. */
  static async demo(): Promise<Server> {
    const server = new Server('');
    await server.start();
    return server;
  }

  /** Starts, or starts again at the same address. */
  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const where = this.folder ? ['--data-dir', this.folder] : ['--demo', '--demo-now', DEMO_NOW];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ALGOHOOK_')));
    const child = spawn(BINARY, ['serve', '--listen', listen, ...where, ...this.flags], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      this.url = line.match(/(?:listens on|^Open) (http:[^\s#]+?)\/?(?:#|\s|$)/)?.[1] ?? this.url;
      this.setupLink = line.match(/(http:\S+\/setup#\S+)/)?.[1] ?? this.setupLink;
      this.password = line.match(/^Open http:\S+\/#(\S+)/)?.[1] ?? this.password;
      if (this.folder ? this.url && this.setupLink : this.password) break;
    }
    // What it says later is not waited for.
    child.stdout.resume();
  }

  /** Stops as systemd would have it. */
  async stop(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    if (this.folder) await rm(this.folder, { recursive: true });
  }
}
