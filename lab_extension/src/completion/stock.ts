import {
  type CompletionHandler,
  type CompletionTriggerKind,
  type ICompletionContext,
  type ICompletionProvider,
  ProviderReconciliator
} from '@jupyterlab/completer';

/** JupyterLab's own providers, asked and merged as JupyterLab itself does it. */
export class StockCompletions {
  /** The providers the user has switched on, best first. */
  providers: readonly ICompletionProvider[] = [];
  /** Milliseconds after which JupyterLab does without a provider. */
  timeout = 1000;
  /** Whether the user has switched on JupyterLab's documentation panel. */
  documented = false;

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext,
    trigger?: CompletionTriggerKind
  ): Promise<CompletionHandler.ICompletionItemsReply | null> {
    const reconciliator = new ProviderReconciliator({
      context,
      providers: [...this.providers],
      timeout: this.timeout
    });
    return reconciliator.fetch(request, trigger);
  }

  async resolve(
    item: CompletionHandler.ICompletionItem
  ): Promise<CompletionHandler.ICompletionItem> {
    return this.documented && item.resolve ? item.resolve() : item;
  }
}
