import type {
  Completer,
  CompletionHandler,
  CompletionTriggerKind,
  ICompletionContext,
  ICompletionProvider
} from '@jupyterlab/completer';
import type { IDebugger } from '@jupyterlab/debugger';
import type { Kernel } from '@jupyterlab/services';

import type { Item } from '../protocol';
import { type KernelClient, MissingTarget } from './client';
import { excerpt } from './excerpt';
import { RankedModel } from './model';
import { documentPath, earlierCells } from './notebook';
import { prefer } from './prefer';
import type { RankedRenderer } from './renderer';
import type { StockCompletions } from './stock';
import { type IRankedItem, isRanked, PROVIDER_ID } from './tokens';

/** So much of a cell, and so much of those before it, is sent; UTF-16 units. */
const LIMIT = 100_000;

type IReply = CompletionHandler.ICompletionItemsReply;

/**
 * Completions ranked by the kernel.
 *
 * It stands in for JupyterLab's own providers, which would have the list wait for the
 * slowest of them, and asks them where the kernel cannot rank: in other languages, when
 * the kernel has no Polaris extension, when it fails or is late, and at a breakpoint,
 * where the debugger alone knows the names.
 */
export class RankedProvider implements ICompletionProvider {
  readonly identifier = PROVIDER_ID;
  readonly rank = 2000;
  /** Milliseconds after which a question to the kernel is given up. */
  readonly patience: number;
  /** Milliseconds after which a list that is not ranked is better than none. */
  budget = 700;

  constructor(
    private readonly _client: KernelClient,
    private readonly _stock: StockCompletions,
    readonly renderer: RankedRenderer,
    private readonly _debugger: IDebugger | null
  ) {
    this.patience = _client.patience;
  }

  isApplicable(): Promise<boolean> {
    return Promise.resolve(true);
  }

  modelFactory(context: ICompletionContext): Promise<Completer.IModel> {
    // Called whenever a document gets a kernel or a cell is entered.
    const kernel = context.session?.kernel;
    if (kernel) {
      this._client.prepare(kernel);
    }
    return Promise.resolve(new RankedModel());
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext,
    trigger?: CompletionTriggerKind
  ): Promise<IReply> {
    const stock = () => this._stock.fetch(request, context, trigger);
    const kernel = context.session?.kernel;
    const stopped = this._debugger?.hasStoppedThreads() ?? false;
    const reply =
      kernel && isPython(request, context) && !stopped
        ? await prefer(this._ranked(kernel, request, context), stock, {
            hedge: this.budget / 2,
            budget: this.budget
          })
        : await stock();
    return reply ?? { start: request.offset, end: request.offset, items: [] };
  }

  resolve(
    item: CompletionHandler.ICompletionItem
  ): Promise<CompletionHandler.ICompletionItem> {
    return isRanked(item) ? Promise.resolve(item) : this._stock.resolve(item);
  }

  /** What the kernel ranks; null where it finds nothing, or is of another language. */
  private async _ranked(
    kernel: Kernel.IKernelConnection,
    { offset, text }: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<IReply | null> {
    try {
      const { language_info: language } = await kernel.info;
      if (language.name !== 'python') {
        return null;
      }
      const { cursor, skipped, text: source } = excerpt(text, offset, LIMIT);
      const place = { source, cursor, before: earlierCells(context, LIMIT) };
      const { end, items, start } = await this._client.ask(kernel, 'complete', {
        ...place,
        path: documentPath(context),
        language: 'python',
        offered: []
      });
      const details = async (label: string) => {
        const question = { ...place, label };
        return (await this._client.ask(kernel, 'document', question)).documentation;
      };
      return items.length
        ? {
            start: start + skipped,
            end: end + skipped,
            items: items.map(item => toRanked(item, details))
          }
        : null;
    } catch (reason) {
      if (!(reason instanceof MissingTarget)) {
        console.warn('Polaris falls back to the stock completions.', reason);
      }
      throw reason;
    }
  }
}

function toRanked(
  item: Item,
  details: (label: string) => Promise<string>
): IRankedItem {
  let asked: Promise<string> | undefined;
  return {
    label: item.label,
    insertText: item.insert,
    type: item.type || undefined,
    // Something must be there for JupyterLab to open the panel.
    documentation: item.reason || item.label,
    text: item.label,
    signature: item.signature,
    stars: item.stars,
    probability: item.probability,
    reason: item.reason,
    details: () => (asked ??= details(item.label))
  };
}

/** Whether the editor holds Python, rather than, say, the text of a Markdown cell. */
function isPython(
  request: CompletionHandler.IRequest,
  context: ICompletionContext
): boolean {
  const mimeType = request.mimeType ?? context.editor?.model.mimeType ?? '';
  return /^text\/x-i?python/.test(mimeType);
}
