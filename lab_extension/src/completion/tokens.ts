import type { CompletionHandler } from '@jupyterlab/completer';

/** Identifier of the provider of ranked completions. */
export const PROVIDER_ID = 'Polaris:ranked';

/** A completion that the kernel's model has ranked. */
export interface IRankedItem extends CompletionHandler.ICompletionItem {
  /** The label as plain text; JupyterLab escapes and marks up `label` in place. */
  readonly text: string;
  readonly signature: string;
  /** 0 to 5. */
  readonly stars: number;
  /** Calibrated probability that this item is the wanted one. */
  readonly probability: number;
  /** Why it has its stars, as Markdown. */
  readonly reason: string;
  /** The docstring, as Markdown; asked for once, when first needed. */
  readonly details: () => Promise<string>;
}

/** Whether a completion is one of ours; others are left as JupyterLab shows them. */
export function isRanked(
  item: CompletionHandler.ICompletionItem | undefined
): item is IRankedItem {
  return item !== undefined && 'stars' in item;
}
