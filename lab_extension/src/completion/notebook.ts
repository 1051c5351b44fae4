import type { ICompletionContext } from '@jupyterlab/completer';
import { DocumentWidget } from '@jupyterlab/docregistry';
import { NotebookPanel } from '@jupyterlab/notebook';

import { nearest } from './excerpt';

/**
 * The texts of the code cells before the one being edited, in notebook order, the
 * nearest ones if they do not all fit into `limit` UTF-16 units.
 */
export function earlierCells(
  { editor, widget }: ICompletionContext,
  limit: number
): string[] {
  if (!(widget instanceof NotebookPanel)) {
    return [];
  }
  const cells = widget.content.widgets;
  const here = cells.findIndex(cell => cell.editor === editor);
  const texts = cells
    .slice(0, here < 0 ? widget.content.activeCellIndex : here)
    .filter(cell => cell.model.type === 'code')
    .map(cell => cell.model.sharedModel.getSource());
  return nearest(texts, limit);
}

/** The path of the document being edited, if it has one. */
export function documentPath({ widget }: ICompletionContext): string | null {
  return widget instanceof DocumentWidget ? widget.context.path : null;
}
