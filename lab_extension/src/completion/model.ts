import { CompleterModel, type CompletionHandler } from '@jupyterlab/completer';

import { narrow, restate, runs, subsequence, toStars } from './rank';
import { isRanked } from './tokens';

type IItem = CompletionHandler.ICompletionItem;

/**
 * A completer model that keeps the kernel's order while letters are typed.
 *
 * JupyterLab's own sorts by how well the letters match and then by the alphabet. A list
 * without ranked items is left to it.
 */
export class RankedModel extends CompleterModel {
  override setCompletionItems(items: CompletionHandler.ICompletionItems): void {
    this._items = items;
    super.setCompletionItems(items);
  }

  override completionItems(): CompletionHandler.ICompletionItems {
    if (this.original === null || !this._items.some(isRanked)) {
      return super.completionItems();
    }
    this.processedItemsCache ??= this._process();
    return this.processedItemsCache;
  }

  override resolveItem(item: number | IItem): Promise<IItem | null> | undefined {
    const shown = typeof item === 'number' ? this.completionItems()[item] : item;
    const original = this._originals.get(shown);
    return original
      ? super.resolveItem(original)?.then(resolved => withStarsOf(shown, resolved))
      : super.resolveItem(shown);
  }

  /** The items as they are shown: narrowed down, with the letters typed marked. */
  private _process(): IItem[] {
    const items = this._items.map(item => ({
      item,
      text: isRanked(item) ? item.text : item.label,
      insertText: item.insertText,
      probability: isRanked(item) ? item.probability : 0
    }));
    const { query } = this;
    if (!query) {
      // All that the kernel sent, which knew the letters typed before.
      const typed = this._typedBefore();
      return items.map(item =>
        this._show(item.item, item.text, subsequence(item.text, typed) ?? [])
      );
    }
    const matches = narrow(items, query);
    const probabilities = restate(matches);
    return matches.map(({ item: { item, text }, marks }, index) => {
      const shown = this._show(item, text, marks);
      return isRanked(shown)
        ? Object.assign(shown, { stars: toStars(probabilities[index]) })
        : shown;
    });
  }

  /** A copy of an item, with its label as the HTML that JupyterLab wants. */
  private _show(item: IItem, text: string, marks: readonly number[]): IItem {
    const insertText = item.insertText ?? text;
    const shown = {
      ...item,
      insertText,
      label: runs(text, marks).map(toHTML).join('')
    };
    this._originals.set(shown, item);
    return shown;
  }

  /** What stood between the start of the completion and the cursor when it was asked. */
  private _typedBefore(): string {
    const { cursor, original } = this;
    return cursor && original ? original.text.slice(cursor.start, cursor.end) : '';
  }

  private _items: CompletionHandler.ICompletionItems = [];
  private readonly _originals = new WeakMap<IItem, IItem>();
}

/** A resolved item with the stars that its line in the list has. */
function withStarsOf(shown: IItem, resolved: IItem | null): IItem | null {
  return resolved && isRanked(shown)
    ? Object.assign({}, resolved, { stars: shown.stars })
    : resolved;
}

function toHTML({ marked, text }: { marked: boolean; text: string }): string {
  const escaped = text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
  return marked ? `<mark>${escaped}</mark>` : escaped;
}
