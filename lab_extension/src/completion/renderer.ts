import { Completer, type CompletionHandler } from '@jupyterlab/completer';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { shorten, spoken, starsSpoken } from './rank';
import { type IRankedItem, isRanked } from './tokens';

type IItem = CompletionHandler.ICompletionItem;

/** So long an item stays selected before its docstring is asked for; milliseconds. */
const REST = 60;

/** Draws ranked items with their stars; other items as JupyterLab draws them. */
export class RankedRenderer extends Completer.Renderer {
  constructor(private readonly _rendermime: IRenderMimeRegistry) {
    super({ sanitizer: _rendermime.sanitizer });
  }

  override createCompletionItemNode(
    item: IItem,
    orderedTypes: string[]
  ): HTMLLIElement {
    const node = super.createCompletionItemNode(item, orderedTypes);
    if (isRanked(item)) {
      node.classList.add('polaris-Item');
      node.setAttribute('aria-label', spoken(item));
      const signature = element('code', 'polaris-Item-signature');
      signature.textContent = shorten(item.signature);
      node.querySelector('.jp-Completer-match')?.after(signature);
      node.append(createStars(item.stars));
    }
    return node;
  }

  override itemWidthHeuristic(item: IItem): number {
    const width = super.itemWidthHeuristic(item);
    return isRanked(item) ? width + shorten(item.signature).length : width;
  }

  /** The reason at once, the docstring below it as soon as the kernel sends it. */
  override createDocumentationNode(item: IItem): HTMLElement {
    if (!isRanked(item)) {
      return super.createDocumentationNode(item);
    }
    const node = element('div', 'polaris-Documentation');
    const reason = element('div', 'polaris-Documentation-reason');
    if (item.stars > 0) {
      reason.append(createStars(item.stars));
    }
    reason.append(this._markdown(item.reason));
    node.append(reason);
    void this._addDetails(node, item);
    return node;
  }

  private async _addDetails(node: HTMLElement, item: IRankedItem): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, REST));
    if (!node.isConnected) {
      return;
    }
    const details = await item.details();
    if (details) {
      node.append(this._markdown(details));
    }
  }

  /** Rendered as untrusted, that is sanitised. */
  private _markdown(source: string): HTMLElement {
    const mimeType = 'text/markdown';
    const renderer = this._rendermime.createRenderer(mimeType);
    const model = this._rendermime.createModel({ data: { [mimeType]: source } });
    renderer.renderModel(model).catch((reason: unknown) => {
      console.error('Polaris cannot render a documentation.', reason);
    });
    return renderer.node;
  }
}

/** One to five stars on a faint track of five; nothing for none. */
function createStars(stars: number): HTMLElement {
  const node = element('span', 'polaris-Stars');
  node.dataset.stars = String(stars);
  if (stars > 0) {
    node.setAttribute('role', 'img');
    node.setAttribute('aria-label', starsSpoken(stars));
    node.title = starsSpoken(stars);
  }
  return node;
}

function element(tag: string, className: string): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}
