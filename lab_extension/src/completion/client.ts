import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { decode, type IReplies, type Message, type Request, TARGET } from '../protocol';

/** The kernel has no Polaris extension: nothing answers on our comm target. */
export class MissingTarget extends Error {
  constructor() {
    super('kernel_ext is not loaded in this kernel.');
  }
}

type Answers = keyof IReplies;
type Asked<O extends Answers> = Omit<Extract<Request, { op: O }>, 'id' | 'op'>;

/** Asks kernels, over one comm for each kernel connection. */
export class KernelClient {
  /** @param patience - milliseconds after which a question counts as unanswered */
  constructor(readonly patience = 5000) {}

  /** Ask a kernel; rejected with one clear sentence when it does not answer. */
  ask<O extends Answers>(
    kernel: Kernel.IKernelConnection,
    op: O,
    question: Asked<O>
  ): Promise<IReplies[O]> {
    return this._channel(kernel).ask(op, question);
  }

  /** Open the comm ahead of the first question, so that it is answered sooner. */
  prepare(kernel: Kernel.IKernelConnection): void {
    this._channel(kernel)
      .connect()
      .catch(() => {
        // The first question meets the same failure, where it is dealt with.
      });
  }

  private _channel(kernel: Kernel.IKernelConnection): Channel {
    let channel = this._channels.get(kernel);
    if (!channel) {
      channel = new Channel(kernel, this.patience);
      this._channels.set(kernel, channel);
    }
    return channel;
  }

  private readonly _channels = new WeakMap<Kernel.IKernelConnection, Channel>();
}

interface IWaiting {
  resolve: (message: Message) => void;
  reject: (reason: Error) => void;
}

/** The comm of one kernel connection, opened anew after each restart. */
class Channel {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _patience: number
  ) {
    _kernel.statusChanged.connect((_, status) => {
      if (['restarting', 'autorestarting', 'dead'].includes(status)) {
        this._missing = false;
        this._forget(new Error(`The kernel is ${status}.`));
      }
    });
    _kernel.disposed.connect(() => {
      this._forget(new Error('The connection to the kernel is closed.'));
    });
    _kernel.iopubMessage.connect((_, message) => {
      // What was just run may have loaded the extension: worth another try.
      if (message.header.msg_type === 'execute_input') {
        this._missing = false;
      }
    });
  }

  async ask<O extends Answers>(op: O, question: Asked<O>): Promise<IReplies[O]> {
    const id = ++this._last;
    let timer;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The kernel did not answer within ${this._patience} ms.`));
      }, this._patience);
    });
    try {
      const comm = await Promise.race([this.connect(), late]);
      const reply = new Promise<Message>((resolve, reject) => {
        this._waiting.set(id, { resolve, reject });
      });
      comm.send({ op, id, ...question });
      const message = await Promise.race([reply, late]);
      if (message.op === 'failed') {
        throw new Error(message.error);
      }
      return message as IReplies[O];
    } finally {
      clearTimeout(timer);
      this._waiting.delete(id);
    }
  }

  /** The open comm; rejected with `MissingTarget` where nobody answers on it. */
  connect(): Promise<Kernel.IComm> {
    if (this._missing) {
      return Promise.reject(new MissingTarget());
    }
    if (!this._comm) {
      const comm = this._open();
      this._comm = comm;
      comm.catch((reason: unknown) => {
        this._missing = reason instanceof MissingTarget;
        if (this._comm === comm) {
          this._comm = null;
        }
      });
    }
    return this._comm;
  }

  private async _open(): Promise<Kernel.IComm> {
    await this._kernel.info;
    const comm = this._kernel.createComm(TARGET);
    comm.onMsg = message => {
      this._receive(message);
    };
    comm.onClose = () => {
      // Gives back the subshell as well; JupyterLab leaves it when the kernel closes.
      comm.dispose();
      this._forget(new MissingTarget());
    };
    // A message sent before the subshell is there goes to the main shell, where it
    // waits for the running cell. The promise is never kept without subshells.
    const direct = String(comm.commsOverSubshells) === 'disabled';
    if (this._kernel.supportsSubshells && !direct) {
      await (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    }
    // Done once the kernel has dealt with it: a missing target is known by then.
    await comm.open().done;
    if (comm.isDisposed) {
      throw new MissingTarget();
    }
    return comm;
  }

  private _receive({ content }: KernelMessage.ICommMsgMsg): void {
    const waiting = this._waiting.get(content.data.id as number);
    try {
      // A reply nobody waits for is late: its question has been given up.
      waiting?.resolve(decode(content.data));
    } catch (reason) {
      waiting?.reject(reason as Error);
    }
  }

  private _forget(reason: Error): void {
    this._comm = null;
    for (const { reject } of this._waiting.values()) {
      reject(reason);
    }
  }

  private _comm: Promise<Kernel.IComm> | null = null;
  private _last = 0;
  private _missing = false;
  private readonly _waiting = new Map<number, IWaiting>();
}
