import { CompleterModel, type CompletionHandler } from '@jupyterlab/completer';

import { narrow, runs } from './rank';
import { type IRankedItem, isRanked } from './tokens';

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
    return super.resolveItem(this._originals.get(shown) ?? shown);
  }

  /** The items as they are shown: narrowed down, with the letters typed marked. */
  private _process(): IItem[] {
    const matchable = this._items.map(item => ({
      item,
      text: isRanked(item) ? item.text : item.label,
      insertText: item.insertText
    }));
    // Before any letter is typed into the open list, all that the kernel sent is shown.
    const matches = this.query
      ? narrow(matchable, this.query)
      : matchable.map(item => ({
          item,
          marks: narrow([item], this._typedBefore())[0]?.marks ?? []
        }));
    return matches.map(({ item: { item, text }, marks }) => {
      const shown = {
        ...item,
        insertText: item.insertText ?? text,
        label: runs(text, marks).map(toHTML).join('')
      };
      this._originals.set(shown, item);
      return shown;
    });
  }

  /** What stood between the start of the completion and the cursor when it was asked. */
  private _typedBefore(): string {
    const { cursor, original } = this;
    return cursor && original ? original.text.slice(cursor.start, cursor.end) : '';
  }

  private _items: CompletionHandler.ICompletionItems = [];
  private readonly _originals = new WeakMap<IItem, IItem | IRankedItem>();
}

function toHTML({ marked, text }: { marked: boolean; text: string }): string {
  const escaped = text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
  return marked ? `<mark>${escaped}</mark>` : escaped;
}
