import type { ICompletionContext } from '@jupyterlab/completer';
import { DocumentWidget } from '@jupyterlab/docregistry';
import { NotebookPanel } from '@jupyterlab/notebook';

import { nearest } from './rank';

/** So many characters of earlier cells are sent with a question, at most. */
const LIMIT = 200_000;

/** The texts of the code cells before the one being edited, in notebook order. */
export function earlierCells({ editor, widget }: ICompletionContext): string[] {
  if (!(widget instanceof NotebookPanel)) {
    return [];
  }
  const cells = widget.content.widgets;
  const here = cells.findIndex(cell => cell.editor === editor);
  const texts = cells
    .slice(0, here < 0 ? widget.content.activeCellIndex : here)
    .filter(cell => cell.model.type === 'code')
    .map(cell => cell.model.sharedModel.getSource());
  return nearest(texts, LIMIT);
}

/** The path of the document being edited, if it has one. */
export function documentPath({ widget }: ICompletionContext): string | null {
  return widget instanceof DocumentWidget ? widget.context.path : null;
}
