import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Kernel } from '@jupyterlab/services';

import { KernelClient, MissingTarget } from '../src/completion/client';

/** What a signal of Lumino is to its listeners. */
class FakeSignal<T> {
  connect(slot: (sender: unknown, args: T) => void): void {
    this._slots.push(slot);
  }
  emit(args: T): void {
    for (const slot of this._slots) {
      slot(this, args);
    }
  }
  private readonly _slots: ((sender: unknown, args: T) => void)[] = [];
}

type Reply = Record<string, unknown> | null;

/** A kernel whose Polaris extension answers as told; without `answer` it has none. */
class FakeKernel {
  constructor(
    public answer?: (question: Record<string, unknown>) => Reply,
    readonly supportsSubshells = false
  ) {}

  readonly info = Promise.resolve({});
  readonly statusChanged = new FakeSignal<string>();
  readonly disposed = new FakeSignal<undefined>();
  readonly iopubMessage = new FakeSignal<{ header: { msg_type: string } }>();
  readonly comms: FakeComm[] = [];

  createComm(target: string): FakeComm {
    assert.equal(target, 'polaris.completion');
    const comm = new FakeComm(this);
    this.comms.push(comm);
    return comm;
  }

  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }
}

class FakeComm {
  constructor(private readonly _kernel: FakeKernel) {}

  readonly commsOverSubshells = 'perCommTarget';
  isDisposed = false;
  opened = false;
  onMsg: (message: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;
  startSubshell: () => void = () => undefined;
  readonly subshellStarted = new Promise<void>(resolve => {
    this.startSubshell = resolve;
  });

  open() {
    this.opened = true;
    if (!this._kernel.answer) {
      this.onClose();
    }
    return { done: Promise.resolve() };
  }

  send(question: Record<string, unknown>) {
    assert.ok(this.opened && !this.isDisposed, 'sent on a comm that is not open');
    setImmediate(() => {
      const data = this._kernel.answer?.(question);
      if (data) {
        this.onMsg({ content: { data } });
      }
    });
    return { done: Promise.resolve() };
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

const pong = ({ id }: Record<string, unknown>) => ({ op: 'pong', id, version: '1' });

test('asks over one comm and matches replies by their id', async () => {
  const kernel = new FakeKernel(pong);
  const client = new KernelClient();
  const replies = await Promise.all([
    client.ask(kernel.connection, 'ping', {}),
    client.ask(kernel.connection, 'ping', {})
  ]);
  assert.deepEqual(
    replies.map(reply => reply.id),
    [1, 2]
  );
  assert.equal(kernel.comms.length, 1);
});

test('opens the comm ahead of the first question', async () => {
  const kernel = new FakeKernel(pong);
  const client = new KernelClient();
  client.prepare(kernel.connection);
  await new Promise(setImmediate);
  assert.equal(kernel.comms[0].opened, true);
  await client.ask(kernel.connection, 'ping', {});
  assert.equal(kernel.comms.length, 1);
});

test('sends nothing before the subshell is there', async () => {
  const kernel = new FakeKernel(pong, true);
  const reply = new KernelClient().ask(kernel.connection, 'ping', {});
  await new Promise(setImmediate);
  assert.equal(kernel.comms[0].opened, false);
  kernel.comms[0].startSubshell();
  assert.equal((await reply).version, '1');
});

test('fails at once where the target is missing, until something is run', async () => {
  const kernel = new FakeKernel();
  const client = new KernelClient();
  const ask = () => client.ask(kernel.connection, 'ping', {});
  await assert.rejects(ask(), MissingTarget);
  await assert.rejects(ask(), MissingTarget);
  assert.equal(kernel.comms.length, 1, 'not tried again');
  assert.equal(kernel.comms[0].isDisposed, true, 'the comm is given back');

  kernel.answer = pong;
  kernel.iopubMessage.emit({ header: { msg_type: 'stream' } });
  await assert.rejects(ask(), MissingTarget);
  kernel.iopubMessage.emit({ header: { msg_type: 'execute_input' } });
  assert.equal((await ask()).version, '1');
});

test('opens a new comm after a restart, and gives up what was asked before', async () => {
  const kernel = new FakeKernel(() => null);
  const client = new KernelClient();
  const asked = client.ask(kernel.connection, 'ping', {});
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  kernel.statusChanged.emit('restarting');
  await assert.rejects(asked, /restarting/);

  kernel.answer = pong;
  await client.ask(kernel.connection, 'ping', {});
  assert.equal(kernel.comms.length, 2);
});

test('gives up a question that is not answered, and ignores a late reply', async () => {
  const kernel = new FakeKernel(() => null);
  const client = new KernelClient(20);
  await assert.rejects(client.ask(kernel.connection, 'ping', {}), /within 20 ms/);
  kernel.comms[0].onMsg({ content: { data: { op: 'pong', id: 1, version: 'late' } } });

  kernel.answer = pong;
  assert.equal((await client.ask(kernel.connection, 'ping', {})).id, 2);
});

test('a failure of the kernel is said in its own words', async () => {
  const kernel = new FakeKernel(({ id }) => ({
    op: 'failed',
    id,
    error: 'No weights.'
  }));
  const asked = new KernelClient().ask(kernel.connection, 'ping', {});
  await assert.rejects(asked, { message: 'No weights.' });
});

test('a reply that does not follow the protocol fails its question only', async () => {
  const kernel = new FakeKernel(({ id }) => ({ op: 'pong', id }));
  const client = new KernelClient();
  await assert.rejects(client.ask(kernel.connection, 'ping', {}), /version/);
  kernel.answer = pong;
  await client.ask(kernel.connection, 'ping', {});
});
